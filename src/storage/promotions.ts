// What applications ask to be in production.
import type { Database } from './database.ts';

export interface Promotion {
  redirectUris: string[];
  postLogoutRedirectUris: string[];
  allowedCorsOrigins: string[];
}

/** Remembers what an application asked for, in place of what it asked before. */
export async function savePromotion(
  db: Database,
  applicationId: string,
  promotion: Promotion & { requestedBy: string },
): Promise<void> {
  const query = await db.write();
  const row = {
    redirect_uris: JSON.stringify(promotion.redirectUris),
    post_logout_redirect_uris: promotion.postLogoutRedirectUris,
    allowed_cors_origins: promotion.allowedCorsOrigins,
    requested_by: promotion.requestedBy,
  };
  await query('promotions')
    .insert({ application_id: applicationId, ...row })
    .onConflict('application_id')
    .merge({ ...row, requested_at: query.fn.now() });
}

/** What an application asked for last. */
export async function findPromotion(
  db: Database,
  applicationId: string,
): Promise<Promotion | undefined> {
  const query = await db.query();
  const row = await query('promotions').where({ application_id: applicationId }).first();
  return (
    row && {
      redirectUris: row.redirect_uris,
      postLogoutRedirectUris: row.post_logout_redirect_uris,
      allowedCorsOrigins: row.allowed_cors_origins,
    }
  );
}
