// connectors list, show.
import { loadConnector } from '../../federation/management/manage-connectors.ts';
import { redirectUriOf } from '../../federation/upstreams/upstreams.ts';
import { type ConnectorDomainRow, listConnectorDomains } from '../../storage/connector-domains.ts';
import { type ConnectorRow, listConnectors } from '../../storage/connectors.ts';
import { countIdentities } from '../../storage/identities.ts';
import { withInstallation } from '../open.ts';
import { formatTime, printFields, printJson, printTable } from '../print.ts';

/** Prints all connectors. */
export async function runList(json: boolean): Promise<void> {
  const { rows, issuer } = await withInstallation(async ({ db, issuer }) => ({
    rows: await listConnectors(db),
    issuer,
  }));
  if (json) return printJson(rows.map((row) => describe(row, issuer)));
  printTable(
    ['ID', 'KIND', 'NAME', 'STATE', 'CREATED'],
    rows.map((row) => [row.id, row.kind, row.name, stateOf(row), formatTime(row.created_at)]),
    'There are no connectors yet: `gatehouse connectors add --help` shows how to add one.',
  );
}

/** Prints one connector with everything that belongs to it. */
export async function runShow(id: string, json: boolean): Promise<void> {
  const { row, ...more } = await withInstallation(async ({ db, issuer }) => ({
    row: await loadConnector(db, id),
    domains: (await listConnectorDomains(db)).filter(({ connector_id }) => connector_id === id),
    identities: await countIdentities(db, id),
    issuer,
  }));
  const described = describe(row, more.issuer);
  if (json) {
    const domains = more.domains.map(({ domain, proof, forced }) => ({ domain, proof, forced }));
    return printJson({ ...described, domains, identities: more.identities });
  }
  printFields([
    ['id', row.id],
    ['kind', row.kind],
    ['name', row.name],
    ['state', stateOf(row)],
    ['redirect_uri', described.redirect_uri],
    ...settingFields(row.settings),
    ['domains', more.domains.map(describeDomain)],
    ['identities', String(more.identities)],
    ['created', formatTime(row.created_at)],
    ['changed', formatTime(row.updated_at)],
  ]);
}

function settingFields(settings: ConnectorRow['settings']): [string, string][] {
  return Object.entries(settings).map(([name, value]) => [
    `settings.${name}`,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
}

function describe(row: ConnectorRow, issuer: string) {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    enabled: row.enabled,
    redirect_uri: redirectUriOf(issuer, row.id),
    settings: row.settings,
    created_at: row.created_at,
    updated_at: row.updated_at,
  };
}

function describeDomain({ domain, proof, forced }: ConnectorDomainRow): string {
  return `${domain}  ${proof ?? 'not proven'}${forced ? ', forced' : ''}`;
}

const stateOf = ({ enabled }: ConnectorRow) => (enabled ? 'enabled' : 'disabled');
