// What a known identity brings at each sign-in: roles, groups and attributes, as the mapping says.
import { parseEmailAddress } from '../../accounts/email-address.ts';
import { personName } from '../../accounts/person-name.ts';
import {
  type AccountRow,
  findAccountByEmail,
  lockAddress,
  setAccountNames,
  setEmail,
} from '../../storage/accounts.ts';
import { insertAuditEvents } from '../../storage/audit-events.ts';
import type { Database } from '../../storage/database.ts';
import { findGroupsByName } from '../../storage/groups.ts';
import { type IdentityRow, noteIdentityUse, setIdentityGroups } from '../../storage/identities.ts';
import { emailTrustOf } from '../admission.ts';
import type { UpstreamIdentity } from '../connector.ts';
import type { Connector } from '../connectors.ts';

/** More than this of one person are not looked at. */
const MOST_GROUPS = 500;

/** Brings the account up to date, in the running unit of work. Memberships made by hand stay. */
export async function syncAccount(
  db: Database,
  connector: Connector,
  { account, row, identity }: { account: AccountRow; row: IdentityRow; identity: UpstreamIdentity },
): Promise<void> {
  await noteIdentityUse(db, row.id, {
    email: identity.email ?? null,
    display_name: displayNameOf(identity) ?? null,
    roles: rolesOf(connector, identity),
  });
  await setIdentityGroups(db, row.id, await groupsOf(db, connector, account, identity));
  await syncNames(db, connector, account, identity);
  await syncEmail(db, connector, account, identity);
}

/** What to call a person. */
export function displayNameOf(identity: UpstreamIdentity): string | undefined {
  const full = [identity.givenName, identity.familyName].filter(Boolean).join(' ');
  return identity.displayName ?? (full || undefined);
}

function rolesOf({ settings }: Connector, { roles = [] }: UpstreamIdentity): string[] {
  return [...new Set(mapped(settings.roles, roles))];
}

// What the upstream calls "constructor" is not what every object has of that name.
function mapped(mapping: Record<string, string>, theirs: string[]): string[] {
  return theirs.flatMap((name) => (Object.hasOwn(mapping, name) ? (mapping[name] ?? []) : []));
}

async function groupsOf(
  db: Database,
  { id, settings }: Connector,
  account: AccountRow,
  { groups = [] }: UpstreamIdentity,
): Promise<string[]> {
  if (groups === 'unknown') {
    // None rather than those of last time: what cannot be checked gives no rights.
    await insertAuditEvents(db, [
      { type: 'identity.groups-unknown', accountId: account.id, detail: { connector: id } },
    ]);
    return [];
  }
  const names = mapped(settings.groups, groups.slice(0, MOST_GROUPS));
  if (names.length === 0) return [];
  const found = await findGroupsByName(db, names);
  return found.map((group) => group.id);
}

async function syncNames(
  db: Database,
  { settings: { attributes } }: Connector,
  account: AccountRow,
  identity: UpstreamIdentity,
): Promise<void> {
  const pick = (policy: string, theirs: string | undefined, ours: string | null) =>
    policy === 'always' && personName.safeParse(theirs).success ? (theirs ?? '') : (ours ?? '');
  const givenName = pick(attributes.given_name, identity.givenName, account.given_name);
  const familyName = pick(attributes.family_name, identity.familyName, account.family_name);
  if (givenName === (account.given_name ?? '') && familyName === (account.family_name ?? ''))
    return;
  await setAccountNames(db, account.id, { givenName, familyName });
}

async function syncEmail(
  db: Database,
  connector: Connector,
  account: AccountRow,
  identity: UpstreamIdentity,
): Promise<void> {
  if (connector.settings.attributes.email !== 'always') return;
  if (emailTrustOf(connector, identity) === 'none') return;
  const email = parseEmailAddress(identity.email ?? '');
  if (!email || email.toLowerCase() === account.email.toLowerCase()) return;
  await lockAddress(db, email);
  await lockAddress(db, email);
  const isTaken = await findAccountByEmail(db, email);
  if (!isTaken) await setEmail(db, account.id, email);
  await insertAuditEvents(db, [
    {
      type: isTaken ? 'email.sync-refused' : 'email.changed',
      accountId: account.id,
      detail: { connector: connector.id },
    },
  ]);
}
