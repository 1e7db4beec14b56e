// One-time tokens that travel in mails: only their hash is stored, and each is redeemed at most once.
import { createHash, randomBytes } from 'node:crypto';
import type { Database } from './database.ts';

export type EmailTokenPurpose = 'sign-up' | 'reset-password' | 'change-email' | 'not-me';

export interface EmailTokenRow {
  account_id: string | null;
  data: Record<string, unknown>;
}

/** Issues a token in the running unit of work: 256 random bits, for a link in a mail. */
export async function issueEmailToken(
  db: Database,
  token: {
    purpose: EmailTokenPurpose;
    accountId?: string | undefined;
    lifetimeSeconds: number;
    data?: Record<string, unknown>;
  },
): Promise<string> {
  const value = randomBytes(32).toString('base64url');
  const query = await db.write();
  await query('email_tokens').insert({
    id: digest(token.purpose, value),
    purpose: token.purpose,
    account_id: token.accountId ?? null,
    data: JSON.stringify(token.data ?? {}),
    expires_at: query.raw("now() + ? * interval '1 second'", [token.lifetimeSeconds]),
  });
  return value;
}

/** Looks a token up without using it, for the page that a link opens. */
export async function findEmailToken(
  db: Database,
  purpose: EmailTokenPurpose,
  value: string,
): Promise<EmailTokenRow | undefined> {
  const query = await db.query();
  return query('email_tokens')
    .select('account_id', 'data')
    .where({ id: digest(purpose, value) })
    .whereRaw('expires_at > now()')
    .first();
}

/** Redeems a token in the running unit of work; undefined: unknown, expired, or redeemed before. */
export async function redeemEmailToken(
  db: Database,
  purpose: EmailTokenPurpose,
  value: string,
): Promise<EmailTokenRow | undefined> {
  const query = await db.write();
  // Who comes second waits for the first one's commit and then finds nothing.
  const [row] = await query('email_tokens')
    .where({ id: digest(purpose, value) })
    .whereRaw('expires_at > now()')
    .delete(['account_id', 'data']);
  return row;
}

/** How many tokens of a purpose are out for an address, which their data name in lower case. */
export async function countTokens(
  db: Database,
  purpose: EmailTokenPurpose,
  email: string,
): Promise<number> {
  const query = await db.query();
  const [row] = await query('email_tokens')
    .count({ tokens: '*' })
    .where({ purpose })
    .whereRaw("data->>'email' = ?", [email.toLowerCase()])
    .whereRaw('expires_at > now()');
  return Number(row?.['tokens']);
}

/** Makes the outstanding tokens of an account worthless, in the running unit of work. */
export async function cancelEmailTokens(
  db: Database,
  accountId: string,
  purposes: EmailTokenPurpose[],
): Promise<void> {
  const query = await db.write();
  await query('email_tokens')
    .where({ account_id: accountId })
    .whereIn('purpose', purposes)
    .delete();
}

// The purpose is hashed as well: a token for one thing is nothing to another.
function digest(purpose: string, value: string): Buffer {
  return createHash('sha256').update(`${purpose}\n${value}`).digest();
}
