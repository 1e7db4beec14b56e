// What becomes of an identity that is nobody's yet. By address alone nothing is ever linked.
import { claimAccount } from '../../accounts/claim-account.ts';
import { parseEmailAddress } from '../../accounts/email-address.ts';
import { personName } from '../../accounts/person-name.ts';
import type { SignUpConfig } from '../../config/sign-up.ts';
import {
  type AccountRow,
  findAccountByEmail,
  insertAccount,
  lockAddress,
} from '../../storage/accounts.ts';
import { insertAuditEvents } from '../../storage/audit-events.ts';
import { findIdentity, type IdentityRow, lockIdentity } from '../../storage/identities.ts';
import { deleteSignUpsOf } from '../../storage/sign-ups.ts';
import { domainOf, emailTrustOf } from '../admission.ts';
import { Refusal, type UpstreamIdentity } from '../connector.ts';
import type { Connector } from '../connectors.ts';
import { expectHomeRealm } from '../home-realm.ts';
import { type LinkDeps, linkIdentity } from './link-identity.ts';
import type { PendingIdentity } from './pending-identity.ts';
import { displayNameOf } from './sync-account.ts';

export interface NewAccountDeps extends LinkDeps {
  signUp: SignUpConfig;
}

export interface Profile {
  email: string;
  givenName: string;
  familyName: string;
}

export type NextStep =
  /** Name or address are missing; what is known stands in the form. */
  | { step: 'profile'; values: Profile }
  /** The address is not proven: a code is mailed there. */
  | { step: 'code'; profile: Profile }
  /** Everything is known, and the address is proven. */
  | { step: 'settle'; profile: Profile };

/** What is to be asked next, before an account can come into being. */
export function nextStep(connector: Connector, pending: PendingIdentity): NextStep {
  const known = pending.profile ?? profileOf(connector, pending.identity);
  const isComplete = Boolean(parseEmailAddress(known.email) && known.givenName);
  if (!isComplete || (!pending.profile && !isTrusted(connector, pending, known.email)))
    return { step: 'profile', values: known };
  if (isTrusted(connector, pending, known.email)) return { step: 'settle', profile: known };
  return { step: 'code', profile: known };
}

function isTrusted(connector: Connector, pending: PendingIdentity, email: string): boolean {
  if (pending.emailProven) return true;
  const { identity } = pending;
  return identity.email === email && emailTrustOf(connector, identity) !== 'none';
}

/** What the upstream says of name and address, where it is fit to be ours. */
export function profileOf(
  { settings: { attributes } }: Pick<Connector, 'settings'>,
  identity: UpstreamIdentity,
): Profile {
  const name = (text: string | undefined) => personName.safeParse(text).data ?? '';
  const taken = (policy: string, text: string | undefined) =>
    policy === 'never' ? '' : (text ?? '');
  const givenName = name(identity.givenName);
  const familyName = givenName ? name(identity.familyName) : '';
  return {
    email: taken(attributes.email, identity.email),
    givenName: taken(attributes.given_name, givenName || name(displayNameOf(identity))),
    familyName: taken(attributes.family_name, familyName),
  };
}

/** Throws a Refusal unless the address may have a new account by this connector. */
export function expectNewAccounts(
  { signUp }: Pick<NewAccountDeps, 'signUp'>,
  { settings }: Connector,
  email?: string,
): { approval: boolean } {
  const asSignUp = settings.new_accounts === 'as-sign-up';
  const policy = asSignUp ? signUp.mode : settings.new_accounts;
  if (policy === 'invitation') throw new Refusal('by_invitation', 'new accounts are by invitation');
  if (policy === 'closed' || policy === 'off')
    throw new Refusal('no_new_accounts', 'this connector makes no new accounts');
  const { domains } = signUp;
  if (asSignUp && email && domains.length > 0 && !domains.includes(domainOf(email)))
    throw new Refusal(
      'domain_not_allowed',
      `${domainOf(email)} is not among the domains of sign-up`,
    );
  return { approval: policy === 'approval' };
}

export type Settled =
  | { kind: 'account'; account: AccountRow; row: IdentityRow }
  /** The proven address has an account: whose it is must be proven, too. */
  | { kind: 'prove'; account: AccountRow };

/**
 * Creates the account, or links the one that is theirs, in the running unit of work. Throws a Refusal
 * when neither may be.
 */
export async function settle(
  deps: NewAccountDeps,
  connector: Connector,
  {
    identity,
    profile,
    language,
  }: { identity: UpstreamIdentity; profile: Profile; language: string },
): Promise<Settled> {
  const { db } = deps;
  await expectHomeRealm(deps.connectors, connector, profile.email);
  const key = { connector_id: connector.id, issuer: identity.issuer, subject: identity.subject };
  await lockIdentity(db, key);
  await lockAddress(db, profile.email);
  const known = await findIdentity(db, key);
  const found = await findAccountByEmail(db, profile.email);
  // Another window was faster.
  if (known && found && known.account_id === found.id)
    return { kind: 'account', account: found, row: known };
  if (known) throw new Refusal('identity_taken', `the identity is linked to ${known.account_id}`);
  if (!found) return create(deps, connector, { identity, profile, language });
  return linkFound(deps, connector, found, identity);
}

async function create(
  deps: NewAccountDeps,
  connector: Connector,
  {
    identity,
    profile,
    language,
  }: { identity: UpstreamIdentity; profile: Profile; language: string },
): Promise<Settled> {
  const { approval } = expectNewAccounts(deps, connector, profile.email);
  const account = await insertAccount(deps.db, {
    ...profile,
    email: parseEmailAddress(profile.email) ?? profile.email,
    emailVerified: true,
    roles: [],
    preferredLanguage: language,
    ...(approval ? { approval: 'waiting' as const } : {}),
  });
  await deleteSignUpsOf(deps.db, account.email);
  await insertAuditEvents(deps.db, [
    {
      type: 'account.signed-up',
      accountId: account.id,
      detail: { approval, connector: connector.id },
    },
  ]);
  const row = await linkIdentity(deps, connector, { account, identity, proof: 'new-account' });
  return { kind: 'account', account, row };
}

async function linkFound(
  deps: NewAccountDeps,
  connector: Connector,
  account: AccountRow,
  identity: UpstreamIdentity,
): Promise<Settled> {
  if (account.state === 'blocked') throw new Refusal('blocked', 'the account is blocked');
  if (account.approval === 'rejected') throw new Refusal('blocked', 'the account was not approved');
  if (account.approval === 'waiting')
    throw new Refusal('waiting', 'the account waits for approval');
  if (!account.email_verified) {
    await claimAccount(deps.db, account);
    const row = await linkIdentity(deps, connector, { account, identity, proof: 'mailbox' });
    return { kind: 'account', account: { ...account, state: 'active' }, row };
  }
  const { linking } = connector.settings;
  if (linking === 'never') throw new Refusal('address_taken', 'linking is set to never');
  const isOwner =
    identity.email?.toLowerCase() === account.email.toLowerCase() &&
    emailTrustOf(connector, identity) === 'authoritative';
  if (linking !== 'auto' || !isOwner) return { kind: 'prove', account };
  const row = await linkIdentity(deps, connector, { account, identity, proof: 'policy' });
  return { kind: 'account', account, row };
}
