// The logos of applications.
import { createHash } from 'node:crypto';
import type { Database } from './database.ts';

export interface Logo {
  mediaType: 'image/png' | 'image/jpeg' | 'image/webp';
  image: Buffer;
}

/** The digest of an application's logo; undefined: it has none. */
export async function findLogoDigest(
  db: Database,
  applicationId: string,
): Promise<string | undefined> {
  const query = await db.query();
  const row = await query('application_logos')
    .where({ application_id: applicationId })
    .first('digest');
  return row?.digest;
}

/** The logo with a digest, whichever application has it. */
export async function findLogo(db: Database, digest: string): Promise<Logo | undefined> {
  const query = await db.query();
  const row = await query('application_logos').where({ digest }).first('media_type', 'image');
  return row && { mediaType: row.media_type, image: row.image };
}

/** Stores the logo of an application in place of the one before. */
export async function replaceLogo(db: Database, applicationId: string, logo: Logo): Promise<void> {
  const query = await db.write();
  await query('application_logos')
    .insert({
      application_id: applicationId,
      digest: createHash('sha256').update(logo.image).digest('hex'),
      media_type: logo.mediaType,
      image: logo.image,
    })
    .onConflict('application_id')
    .merge();
}

/** Removes the logo of an application. Returns false when it had none. */
export async function removeLogo(db: Database, applicationId: string): Promise<boolean> {
  const query = await db.write();
  return (await query('application_logos').where({ application_id: applicationId }).delete()) === 1;
}
