// Who decides on the subscriptions of a product: administrators, and its owner group; where it has none,
// whoever is in the owner group of every API in it.
import type { Database } from './database.ts';

const DECIDES = `a.state = 'active' AND ('admin' = ANY (a.roles) OR CASE
  WHEN p.owner_group_id IS NOT NULL THEN EXISTS (
    SELECT 1 FROM account_groups g WHERE g.account_id = a.id AND g.group_id = p.owner_group_id)
  ELSE EXISTS (SELECT 1 FROM product_scopes s WHERE s.product_id = p.id)
    AND NOT EXISTS (
      SELECT 1 FROM product_scopes s JOIN apis i ON i.id = s.api_id
      WHERE s.product_id = p.id AND NOT EXISTS (
        SELECT 1 FROM account_groups g
        WHERE g.account_id = a.id AND g.group_id = i.owner_group_id)) END)`;

/** Whether an account decides on a product. */
export async function isApprover(
  db: Database,
  accountId: string,
  productId: string,
): Promise<boolean> {
  const query = await db.query();
  const { rows } = await query.raw(
    `SELECT 1 FROM products p, accounts a WHERE p.id = ? AND a.id = ? AND ${DECIDES}`,
    [productId, accountId],
  );
  return rows.length > 0;
}

/** The products that an account decides on; `all` for an administrator. */
export async function listApprovedProducts(
  db: Database,
  accountId: string,
): Promise<'all' | string[]> {
  const query = await db.query();
  const { rows } = await query.raw(
    `SELECT 'admin' = ANY (a.roles) AS all,
       CASE WHEN 'admin' = ANY (a.roles) THEN '{}' ELSE
         ARRAY(SELECT p.id FROM products p WHERE ${DECIDES}) END AS products
     FROM accounts a WHERE a.id = ?`,
    [accountId],
  );
  if (!rows[0]) return [];
  return rows[0].all ? 'all' : rows[0].products;
}

export interface Person {
  id: string;
  email: string;
  language: string | null;
}

const MOST = 100;

/** Those who decide on a product and are no members of an application, at most a hundred. */
export async function listApprovers(
  db: Database,
  productId: string,
  applicationId: string,
): Promise<Person[]> {
  const query = await db.query();
  const { rows } = await query.raw(
    `SELECT a.id, a.email, a.preferred_language AS language FROM products p, accounts a
     WHERE p.id = ? AND ${DECIDES} AND NOT EXISTS (
       SELECT 1 FROM application_members m WHERE m.account_id = a.id AND m.application_id = ?)
     ORDER BY a.created_at, a.id LIMIT ?`,
    [productId, applicationId, MOST],
  );
  return rows;
}

/** The active accounts that own an application. */
export async function listMembers(db: Database, applicationId: string): Promise<Person[]> {
  const query = await db.query();
  return query('application_members AS m')
    .join('accounts AS a', 'a.id', 'm.account_id')
    .where({ 'm.application_id': applicationId, 'a.state': 'active' })
    .select('a.id', 'a.email', { language: 'a.preferred_language' })
    .orderBy('m.joined_at')
    .limit(MOST);
}

/** Whether an account is one of the owners of an application, or asked for a subscription as one. */
export async function isParty(
  db: Database,
  accountId: string,
  { id, applicationId }: { id: string; applicationId: string },
): Promise<boolean> {
  if (await isMember(db, accountId, applicationId)) return true;
  const query = await db.query();
  const asked = await query('subscription_changes')
    .where({ subscription_id: id, state: 'submitted', account_id: accountId })
    .first('id');
  return asked !== undefined;
}

/** Whether an account is one of the owners of an application. */
async function isMember(db: Database, accountId: string, applicationId: string): Promise<boolean> {
  const query = await db.query();
  const row = await query('application_members')
    .where({ account_id: accountId, application_id: applicationId })
    .first();
  return row !== undefined;
}
