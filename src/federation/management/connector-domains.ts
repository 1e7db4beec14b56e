// The e-mail domains of a connector, and the proof that they are its organization's: a record in
// the DNS that only the owner of the domain can make, or the word of an administrator.
import { randomBytes } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { domainToASCII } from 'node:url';
import { UsageError } from '../../errors.ts';
import { insertAuditEvents } from '../../storage/audit-events.ts';
import {
  type ConnectorDomainRow,
  deleteConnectorDomain,
  findConnectorDomain,
  insertConnectorDomain,
  updateConnectorDomain,
} from '../../storage/connector-domains.ts';
import type { Database } from '../../storage/database.ts';
import { loadConnector } from './manage-connectors.ts';

const DOMAIN = /^(?!.*\.\d+$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/;
const DNS_TIMEOUT_MS = 3000;

/** The TXT records of a name, each whole. */
export type ReadTexts = (name: string) => Promise<string[]>;

/** Where the proof of a domain stands in the DNS, and what it says. */
export function recordOf({ domain, dns_token }: Pick<ConnectorDomainRow, 'domain' | 'dns_token'>) {
  return { name: `_gatehouse.${domain}`, text: `gatehouse-domain=${dns_token}` };
}

/** Gives a connector a domain, or changes the one that it has. Asserted: the administrator vouches for it. */
export async function addDomain(
  db: Database,
  request: { connectorId: string; domain: string; asserted: boolean; forced: boolean },
  by: string,
): Promise<ConnectorDomainRow> {
  const domain = readDomain(request.domain);
  const connector = await loadConnector(db, request.connectorId);
  const known = await findConnectorDomain(db, domain);
  if (known && known.connector_id !== connector.id)
    throw new UsageError(
      `${domain} leads to the connector ${known.connector_id}: remove it there first.`,
    );
  const { forced } = request;
  const asserted = request.asserted ? 'asserted' : null;
  const proof = known?.proof === 'dns' ? known.proof : asserted;
  if (known) await updateConnectorDomain(db, known, { proof, forced });
  else {
    const dns_token = randomBytes(16).toString('hex');
    await insertConnectorDomain(db, {
      domain,
      connector_id: connector.id,
      dns_token,
      proof,
      forced,
    });
  }
  const detail = { by, connector: connector.id, domain, proof, forced };
  await insertAuditEvents(db, [{ type: 'connector.domain-added', detail }]);
  return loadDomain(db, domain);
}

/** Asks the DNS for the proof. Throws a UsageError when it is not there. */
export async function expectProof(row: ConnectorDomainRow, readTexts: ReadTexts): Promise<void> {
  const { name, text } = recordOf(row);
  const found = await readTexts(name);
  if (found.some((record) => record.trim() === text)) return;
  const instead = found.length > 0 ? 'says something else' : 'is not there';
  throw new UsageError(
    `The DNS does not prove ${row.domain}: the TXT record of ${name} ${instead}. It must be ${text}. A new record takes some minutes to be seen.`,
  );
}

/** Notes that the DNS proved a domain, unless it was changed meanwhile. */
export async function noteProof(db: Database, row: ConnectorDomainRow, by: string): Promise<void> {
  const { connector_id, domain, forced } = row;
  if (!(await updateConnectorDomain(db, row, { proof: 'dns' })))
    throw new UsageError(`${domain} was changed meanwhile: try again.`);
  const detail = { by, connector: connector_id, domain, forced };
  await insertAuditEvents(db, [{ type: 'connector.domain-verified', detail }]);
}

/** Removes a domain. Throws a UsageError when there is none. */
export async function removeDomain(db: Database, named: string, by: string): Promise<string> {
  const { domain, connector_id } = await loadDomain(db, named);
  await deleteConnectorDomain(db, domain);
  const detail = { by, connector: connector_id, domain };
  await insertAuditEvents(db, [{ type: 'connector.domain-removed', detail }]);
  return domain;
}

/** Finds a domain. Throws a UsageError when no connector has it. */
export async function loadDomain(db: Database, named: string): Promise<ConnectorDomainRow> {
  const domain = readDomain(named);
  const row = await findConnectorDomain(db, domain);
  if (row) return row;
  throw new UsageError(
    `No connector has the domain ${domain}: \`connectors domains list\` shows them.`,
  );
}

/** Reads TXT records by the machine's resolver, or by the server at this address. */
export function createTextReader(server?: string): ReadTexts {
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: 2 });
  try {
    if (server) resolver.setServers([server]);
  } catch {
    throw new UsageError(`${server} is no address of a DNS server, such as 192.0.2.53.`);
  }
  return async (name) => {
    try {
      return (await resolver.resolveTxt(name)).map((parts) => parts.join(''));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
      throw new UsageError(`The DNS does not answer for ${name} (${code}): try again later.`);
    }
  };
}

function readDomain(text: string): string {
  const domain = domainToASCII(text.trim().replace(/\.$/, ''));
  if (domain.length <= 253 && DOMAIN.test(domain)) return domain;
  throw new UsageError(`${JSON.stringify(text)} is no domain such as example.com.`);
}
