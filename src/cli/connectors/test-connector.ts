// connectors test: what can be found out before anybody signs in.
import { createSecretReader } from '../../config.ts';
import { toConnector } from '../../federation/connectors.ts';
import { checkConnector } from '../../federation/management/check-connector.ts';
import { loadConnector } from '../../federation/management/manage-connectors.ts';
import { createFetches } from '../../federation/upstreams/fetches.ts';
import { withInstallation } from '../open.ts';
import { note, printJson, printTable } from '../print.ts';

/** Checks a connector against its upstream. Ends with 1 when something is wrong. */
export async function runTest(id: string, json: boolean): Promise<void> {
  const { row, issuer } = await withInstallation(async ({ db, issuer }) => ({
    row: await loadConnector(db, id),
    issuer,
  }));
  // An http issuer is on loopback, or the configuration would have been refused.
  const insecure = issuer.startsWith('http:');
  const deps = {
    issuer,
    insecure,
    readSecret: createSecretReader(),
    fetchFor: createFetches({ privateNetwork: insecure, insecure }),
  };
  const checks = await checkConnector(deps, toConnector(row));
  if (checks.some(({ state }) => state === 'failed')) process.exitCode = 1;
  if (json) return printJson({ id, enabled: row.enabled, checks });
  printTable(
    ['CHECK', 'STATE', 'WHAT WAS FOUND'],
    checks.map(({ name, state, detail }) => [name, state, detail]),
    '',
  );
  if (!row.enabled) note(`${id} is disabled: \`connectors enable ${id}\` opens it.`);
}
