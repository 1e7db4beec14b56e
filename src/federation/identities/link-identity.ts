// Giving an account an identity, and taking it away. Never because an address is the same: the callers
// have a proof that the account is the person's.
import { AppError } from '../../errors.ts';
import { isLanguage } from '../../http/i18n.ts';
import type { Outbox } from '../../mail/outbox.ts';
import type { AccountRow } from '../../storage/accounts.ts';
import { insertAuditEvents } from '../../storage/audit-events.ts';
import type { Database } from '../../storage/database.ts';
import { issueEmailToken } from '../../storage/email-tokens.ts';
import {
  deleteIdentity,
  findIdentity,
  type IdentityRow,
  insertIdentity,
  listIdentities,
  lockIdentity,
} from '../../storage/identities.ts';
import { endSessionsOfIdentity } from '../../storage/upstream-sessions.ts';
import { Refusal, type UpstreamIdentity } from '../connector.ts';
import type { Connector, Connectors } from '../connectors.ts';
import { expectHomeRealm } from '../home-realm.ts';
import { displayNameOf, syncAccount } from './sync-account.ts';

export interface LinkDeps {
  db: Database;
  outbox: Outbox;
  issuer: string;
  connectors: Connectors;
  /** Whether anybody signs in with a password here. */
  passwordsInUse: boolean;
}

const NOT_ME_SECONDS = 7 * 24 * 3600;

/** How the person proved that the account is theirs; the audit trail says it. */
export type LinkProof =
  | 'new-account'
  | 'invitation'
  | 'session'
  | 'password'
  | 'identity'
  | 'policy'
  | 'mailbox';

/**
 * Links the identity in the running unit of work; when it is theirs already, nothing changes. Throws
 * a Refusal: `identity_taken` when it is another account's, `other_connector` when people of the
 * account's address sign in with another one.
 */
export async function linkIdentity(
  deps: LinkDeps,
  connector: Connector,
  {
    account,
    identity,
    proof,
  }: { account: AccountRow; identity: UpstreamIdentity; proof: LinkProof },
): Promise<IdentityRow> {
  const { db } = deps;
  await expectHomeRealm(deps.connectors, connector, account.email);
  const key = { connector_id: connector.id, issuer: identity.issuer, subject: identity.subject };
  await lockIdentity(db, key);
  const known = await findIdentity(db, key);
  if (known && known.account_id !== account.id)
    throw new Refusal('identity_taken', `the identity is linked to ${known.account_id}`);
  const row =
    known ??
    (await insertIdentity(db, {
      ...key,
      account_id: account.id,
      email: identity.email ?? null,
      display_name: displayNameOf(identity) ?? null,
    }));
  await syncAccount(db, connector, { account, row, identity });
  if (!known) await tell(deps, connector, { account, row, proof });
  return row;
}

// Whoever has the mailbox of an account hears of every new way in.
async function tell(
  { db, outbox, issuer }: LinkDeps,
  { id, name }: Connector,
  { account, row, proof }: { account: AccountRow; row: IdentityRow; proof: LinkProof },
): Promise<void> {
  await insertAuditEvents(db, [
    {
      type: 'identity.linked',
      accountId: account.id,
      detail: { connector: id, identity: row.id, proof },
    },
  ]);
  if (proof === 'new-account' || proof === 'invitation') return;
  const token = await issueEmailToken(db, {
    purpose: 'not-me',
    accountId: account.id,
    lifetimeSeconds: NOT_ME_SECONDS,
    data: { email: account.email },
  });
  await outbox.queue({
    kind: 'identity-linked',
    to: account.email,
    language: languageOfAccount(account),
    values: { connector: name, identity: row.email ?? row.display_name ?? row.subject },
    link: `${issuer}/not-me?token=${token}`,
  });
}

/**
 * Takes an identity away, in the running unit of work, and ends the sessions that it began, but not the
 * one in which the person does it. Throws
 * 409 when the person could not sign in any more, 404 when the account has no such identity.
 */
export async function unlinkIdentity(
  deps: LinkDeps,
  account: AccountRow,
  { identityId, sessionUid }: { identityId: string; sessionUid: string },
): Promise<void> {
  const { db, outbox } = deps;
  // Two windows that remove the last two at once: one after the other.
  await lockIdentity(db, { connector_id: '', issuer: 'account', subject: account.id });
  const identities = await listIdentities(db, account.id);
  const removed = identities.find(({ id }) => id === identityId);
  if (!removed) throw new AppError(404, 'not_found', 'This sign-in method is not linked.');
  const others = identities.filter(({ id, enabled }) => id !== identityId && enabled);
  const hasPassword = deps.passwordsInUse && account.password_hash !== null;
  if (others.length === 0 && !hasPassword) throw lastWayIn();
  await endSessionsOfIdentity(db, identityId, sessionUid);
  await deleteIdentity(db, account.id, identityId);
  const { connector_id: connector, connector_name: name } = removed;
  await insertAuditEvents(db, [
    { type: 'identity.unlinked', accountId: account.id, detail: { connector } },
  ]);
  await outbox.queue({
    kind: 'identity-unlinked',
    to: account.email,
    language: languageOfAccount(account),
    values: { connector: name },
  });
}

function languageOfAccount({ preferred_language: language }: AccountRow) {
  return isLanguage(language) ? language : 'en';
}

function lastWayIn(): AppError {
  return new AppError(
    409,
    'conflict',
    'This is the only way in to your account. Set a password or link another one first.',
    { key: 'identities.last-way-in' },
  );
}
