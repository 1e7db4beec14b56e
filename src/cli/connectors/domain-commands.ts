// connectors domains add, verify, list, remove.
import type { Command } from 'commander';
import { z } from 'zod';
import {
  addDomain,
  createTextReader,
  expectProof,
  loadDomain,
  noteProof,
  recordOf,
  removeDomain,
} from '../../federation/connector-domains.ts';
import { type ConnectorDomainRow, listConnectorDomains } from '../../storage/connector-domains.ts';
import { OPERATOR, withInstallation } from '../open.ts';
import { note, printFields, printJson, printTable } from '../print.ts';

const jsonOption = z.object({ json: z.boolean().default(false) });
const addOptions = jsonOption.extend({
  asserted: z.boolean().default(false),
  forceSso: z.boolean().default(false),
});
const verifyOptions = jsonOption.extend({ dnsServer: z.string().optional() });

/** Adds the commands to `connectors`. */
export function addDomainCommands(connectors: Command): void {
  const domains = connectors
    .command('domains')
    .description('e-mail domains whose people sign in with a connector');

  domains
    .command('add')
    .description('lead the people of a domain to a connector, once the domain is proven')
    .argument('<id>', 'the connector')
    .argument('<domain>', 'such as example.com; its subdomains are others')
    .option('--asserted', 'you vouch that the domain is theirs: no proof by DNS is needed')
    .option('--force-sso', 'its people sign in with this connector only')
    .option('--json', 'print JSON')
    .action((id: string, domain: string, options: unknown) =>
      runAdd(id, domain, addOptions.parse(options)),
    );

  domains
    .command('verify')
    .description('look for the proof of a domain in the DNS')
    .argument('<domain>')
    .option('--dns-server <address>', 'ask this server, such as the one of the domain itself')
    .option('--json', 'print JSON')
    .action((domain: string, options: unknown) => runVerify(domain, verifyOptions.parse(options)));

  domains
    .command('list')
    .description('list the domains of all connectors')
    .option('--json', 'print JSON')
    .action((options: unknown) => runList(jsonOption.parse(options)));

  domains
    .command('remove')
    .description('let the people of a domain sign in as everybody does')
    .argument('<domain>')
    .option('--json', 'print JSON')
    .action((domain: string, options: unknown) => runRemove(domain, jsonOption.parse(options)));
}

async function runAdd(
  connectorId: string,
  domain: string,
  { asserted, forceSso, json }: z.infer<typeof addOptions>,
): Promise<void> {
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

async function runVerify(
  domain: string,
  { dnsServer, json }: z.infer<typeof verifyOptions>,
): Promise<void> {
  const readTexts = createTextReader(dnsServer);
  const row = await withInstallation(({ db }) => loadDomain(db, domain));
  await expectProof(row, readTexts);
  await withInstallation(({ db }) => noteProof(db, row, OPERATOR));
  if (json) return printJson(describe({ ...row, proof: 'dns' }));
  process.stdout.write(`${row.domain} is proven: its people are led to ${row.connector_id}.\n`);
}

async function runList({ json }: z.infer<typeof jsonOption>): Promise<void> {
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

async function runRemove(named: string, { json }: z.infer<typeof jsonOption>): Promise<void> {
  const domain = await withInstallation(({ db }) => removeDomain(db, named, OPERATOR));
  if (json) return printJson({ domain, removed: true });
  process.stdout.write(`${domain} is removed: its people sign in as everybody does.\n`);
}

function describe(row: ConnectorDomainRow) {
  const { name, text } = recordOf(row);
  const { domain, connector_id, proof, forced, created_at } = row;
  return { domain, connector_id, proof, forced, txt_name: name, txt_value: text, created_at };
}
