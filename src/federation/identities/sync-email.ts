// The address of an account follows the one of its identity, where the connector says so: only one
// that is to be believed, and never that of another account. The old address hears of it.
import { parseEmailAddress } from '../../accounts/email-address.ts';
import { issueNotMeLink } from '../../accounts/recovery/not-me-link.ts';
import { isLanguage } from '../../http/i18n.ts';
import type { Outbox } from '../../mail/outbox.ts';
import {
  type AccountRow,
  findAccountByEmail,
  lockAddress,
  setEmail,
} from '../../storage/accounts.ts';
import { insertAuditEvents } from '../../storage/audit-events.ts';
import type { Database } from '../../storage/database.ts';
import { emailTrustOf } from '../admission.ts';
import type { UpstreamIdentity } from '../connector.ts';
import type { Connector } from '../connectors.ts';

export interface SyncDeps {
  db: Database;
  outbox: Outbox;
  issuer: string;
}

/** Changes the address in the running unit of work, if it is to be changed. */
export async function syncEmail(
  deps: SyncDeps,
  connector: Connector,
  account: AccountRow,
  identity: UpstreamIdentity,
): Promise<void> {
  const email = newAddressOf(connector, account, identity);
  if (!email) return;
  const { db } = deps;
  await lockAddress(db, email);
  const isTaken = await findAccountByEmail(db, email);
  await insertAuditEvents(db, [
    {
      type: isTaken ? 'email.sync-refused' : 'email.changed',
      accountId: account.id,
      detail: { connector: connector.id },
    },
  ]);
  if (isTaken) return;
  await setEmail(db, account.id, email);
  const { preferred_language: language } = account;
  await deps.outbox.queue({
    kind: 'email-changed',
    to: account.email,
    language: isLanguage(language) ? language : 'en',
    values: { email },
    link: await issueNotMeLink(deps, account),
  });
}

function newAddressOf(
  connector: Connector,
  account: AccountRow,
  identity: UpstreamIdentity,
): string | undefined {
  if (connector.settings.attributes.email !== 'always') return undefined;
  if (emailTrustOf(connector, identity) === 'none') return undefined;
  const email = parseEmailAddress(identity.email ?? '');
  return email?.toLowerCase() === account.email.toLowerCase() ? undefined : email;
}
