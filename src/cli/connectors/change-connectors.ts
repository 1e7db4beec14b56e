// connectors add, set, enable, disable, remove.
import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import {
  addConnector,
  changeConnector,
  loadConnector,
  removeConnector,
} from '../../federation/management/manage-connectors.ts';
import { redirectUriOf } from '../../federation/upstreams/upstreams.ts';
import { OPERATOR, withInstallation } from '../open.ts';
import { note, printFields, printJson } from '../print.ts';
import { assignSettings, readJsonInput } from './read-settings.ts';

export const addOptions = z.object({
  kind: z.string(),
  name: z.string(),
  clientId: z.string().optional(),
  clientSecret: z.string().optional(),
  file: z.string().optional(),
  set: z.array(z.string()).default([]),
  json: z.boolean().default(false),
});
export const setOptions = z.object({
  name: z.string().optional(),
  json: z.boolean().default(false),
});

/** Adds a connector and prints the redirect URI to register. */
export async function runAdd(id: string, options: z.infer<typeof addOptions>): Promise<void> {
  const { kind, name, json } = options;
  const settings = assignSettings(kind, await givenSettings(options), options.set);
  const redirectUri = await withInstallation(async ({ db, issuer }) => {
    await addConnector(db, { id, kind, name, settings }, OPERATOR);
    return redirectUriOf(issuer, id);
  });
  if (json) return printJson({ id, kind, name, redirect_uri: redirectUri });
  printFields([
    ['id', id],
    ['redirect_uri', redirectUri],
  ]);
  note(
    `Register the redirect URI with the upstream, then run \`gatehouse connectors test ${id}\`.`,
  );
}

async function givenSettings({
  clientId,
  clientSecret,
  file,
}: z.infer<typeof addOptions>): Promise<Record<string, unknown>> {
  const read = file === undefined ? {} : await readJsonInput(file);
  const { success, data } = z.record(z.string(), z.unknown()).safeParse(read);
  if (!success)
    throw new UsageError('The settings must be a JSON object such as {"client_id": "..."}.');
  return {
    ...data,
    ...(clientId === undefined ? {} : { client_id: clientId }),
    ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
  };
}

/** Changes settings, the name, or both. */
export async function runSet(
  id: string,
  assignments: string[],
  { name, json }: z.infer<typeof setOptions>,
): Promise<void> {
  if (assignments.length === 0 && name === undefined)
    throw new UsageError('Nothing to set: write key=value, or --name.');
  const settings = await withInstallation(async ({ db }) => {
    const row = await loadConnector(db, id);
    const changed = assignSettings(row.kind, row.settings, assignments);
    const change = { settings: changed, ...(name === undefined ? {} : { name }) };
    await changeConnector(db, row, change, OPERATOR);
    return changed;
  });
  if (json) return printJson({ id, settings });
  process.stdout.write(`${id} is changed.\n`);
}

/** Turns a connector on or off. */
export async function runEnable(id: string, enabled: boolean, json: boolean): Promise<void> {
  await withInstallation(async ({ db }) => {
    const row = await loadConnector(db, id);
    if (row.enabled !== enabled) await changeConnector(db, row, { enabled }, OPERATOR);
  });
  if (json) return printJson({ id, enabled });
  process.stdout.write(
    enabled
      ? `${id} is enabled: people can sign in with it.\n`
      : `${id} is disabled: nobody signs in with it from now on, whoever is on the way included. Sessions stay.\n`,
  );
}

/** Removes a connector that nobody signs in with. */
export async function runRemove(id: string, json: boolean): Promise<void> {
  await withInstallation(({ db }) => removeConnector(db, id, OPERATOR));
  if (json) return printJson({ id, removed: true });
  process.stdout.write(`${id} is removed, with its domains.\n`);
}
