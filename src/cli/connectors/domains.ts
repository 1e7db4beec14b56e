// connectors domains add, verify, list, remove: what they do.
import { z } from 'zod';
import {
  addDomain,
  createTextReader,
  expectProof,
  loadDomain,
  noteProof,
  recordOf,
  removeDomain,
} from '../../federation/management/connector-domains.ts';
import { type ConnectorDomainRow, listConnectorDomains } from '../../storage/connector-domains.ts';
import { OPERATOR, withInstallation } from '../open.ts';
import { note, printFields, printJson, printTable } from '../print.ts';

const jsonOption = z.object({ json: z.boolean().default(false) });
const addOptions = jsonOption.extend({
  asserted: z.boolean().default(false),
  forceSso: z.boolean().default(false),
});
const verifyOptions = jsonOption.extend({ dnsServer: z.string().optional() });

/** Gives a connector a domain, and prints the record that proves it. */
export async function runAdd(connectorId: string, domain: string, options: unknown): Promise<void> {
  const { asserted, forceSso, json } = addOptions.parse(options);
  const request = { connectorId, domain, asserted, forced: forceSso };
  const row = await withInstallation(({ db }) => addDomain(db, request, OPERATOR));
  if (json) return printJson(describe(row));
  const record = recordOf(row);
  printFields([
    ['domain', row.domain],
    ['connector', row.connector_id],
    ['proof', row.proof ?? 'not yet'],
    ['sign-in', row.forced ? 'with this connector only' : 'with this connector first'],
    ...(row.proof
      ? []
      : ([
          ['TXT name', record.name],
          ['TXT value', record.text],
        ] as [string, string][])),
  ]);
  if (!row.proof)
    note(
      `Nobody is led there yet: make this TXT record, then run \`gatehouse connectors domains verify ${row.domain}\`.`,
    );
}

/** Looks for the proof of a domain. */
export async function runVerify(domain: string, options: unknown): Promise<void> {
  const { dnsServer, json } = verifyOptions.parse(options);
  const readTexts = createTextReader(dnsServer);
  const row = await withInstallation(({ db }) => loadDomain(db, domain));
  await expectProof(row, readTexts);
  await withInstallation(({ db }) => noteProof(db, row, OPERATOR));
  if (json) return printJson(describe({ ...row, proof: 'dns' }));
  process.stdout.write(`${row.domain} is proven: its people are led to ${row.connector_id}.\n`);
}

/** Prints the domains of all connectors. */
export async function runList(options: unknown): Promise<void> {
  const { json } = jsonOption.parse(options);
  const rows = await withInstallation(({ db }) => listConnectorDomains(db));
  if (json) return printJson(rows.map(describe));
  printTable(
    ['DOMAIN', 'CONNECTOR', 'PROOF', 'FORCED', 'TXT NAME', 'TXT VALUE'],
    rows.map((row) => {
      const { name, text } = recordOf(row);
      const forced = row.forced ? 'yes' : 'no';
      return [row.domain, row.connector_id, row.proof ?? 'not yet', forced, name, text];
    }),
    'There are no domains yet: `gatehouse connectors domains add --help` shows how to add one.',
  );
}

/** Takes a domain away from its connector. */
export async function runRemove(named: string, options: unknown): Promise<void> {
  const { json } = jsonOption.parse(options);
  const domain = await withInstallation(({ db }) => removeDomain(db, named, OPERATOR));
  if (json) return printJson({ domain, removed: true });
  process.stdout.write(`${domain} is removed: its people sign in as everybody does.\n`);
}

function describe(row: ConnectorDomainRow) {
  const { name, text } = recordOf(row);
  const { domain, connector_id, proof, forced, created_at } = row;
  return { domain, connector_id, proof, forced, txt_name: name, txt_value: text, created_at };
}
