// What this database was set up as: a demo seed must never serve production.
import type { Database } from './database.ts';

export interface Installation {
  mode: 'demo' | 'production';
  issuer: string;
}

/** Reads the installation row, if the database was ever set up. */
export async function findInstallation(db: Database): Promise<Installation | undefined> {
  const query = await db.query();
  return query<Installation>('installation').select('mode', 'issuer').first();
}

/** Records the mode on first use; returns what is recorded. Safe when two nodes start together. */
export async function recordInstallation(
  db: Database,
  installation: Installation,
): Promise<Installation> {
  const query = await db.write();
  await query('installation').insert(installation).onConflict('one').ignore();
  return (await findInstallation(db)) ?? installation;
}

/** The demo moves to another port: its issuer changes with it. */
export async function setInstallationIssuer(db: Database, issuer: string): Promise<void> {
  const query = await db.write();
  await query('installation').update({ issuer });
}
