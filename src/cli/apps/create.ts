// apps create: from nothing to credentials in a file, and a line that uses them.
import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import { chooseIssuer } from '../login/issuer.ts';
import { discover, tokenEndpointOf } from '../login/server.ts';
import { note, printFields, printJson } from '../print.ts';
import { callApi } from './call-api.ts';
import { curlLine } from './curl-line.ts';
import { type EnvFile, openEnvFile } from './env-file.ts';
import { findProduct } from './find.ts';
import { type Client, createdApplication } from './shapes.ts';

const list = z.array(z.string()).default([]);
export const createOptions = z.object({
  issuer: z.string().optional(),
  json: z.boolean().default(false),
  name: z.string(),
  kind: z.enum(['web', 'spa', 'native', 'machine']),
  description: z.string().default(''),
  product: list,
  redirectUri: list,
  postLogoutRedirectUri: list,
  origin: list,
  envFile: z.string().optional(),
  force: z.boolean().default(false),
});
type CreateOptions = z.infer<typeof createOptions>;

const VARIABLES = [
  ...['GATEHOUSE_ISSUER', 'CLIENT_ID', 'CLIENT_SECRET', 'RESOURCE', 'SCOPE', 'TOKEN_URL'],
];

/** Creates the application that the options describe, and hands over what it needs. */
export async function runCreate(options: CreateOptions): Promise<void> {
  const issuer = chooseIssuer(options.issuer);
  const file = options.envFile && openEnvFile(options.envFile, VARIABLES, options.force);
  const products = [];
  for (const text of options.product) products.push((await findProduct({ issuer }, text)).id);
  const created = createdApplication.parse(
    await callApi({ issuer }, 'POST', '/me/applications', {
      ...{ kind: options.kind, name: options.name, description: options.description, products },
      redirect_uris: options.redirectUri,
      post_logout_redirect_uris: options.postLogoutRedirectUri,
      allowed_cors_origins: options.origin,
    }),
  );
  const client = created.clients.sandbox;
  if (!client) throw new UsageError(`${created.id} was created, but has no client.`);
  const tokenUrl = tokenEndpointOf(await discover(issuer));
  const values = variablesOf({ issuer, tokenUrl, client, secret: created.client_secret });
  // Before anything is printed: a secret that neither file nor terminal has is lost.
  if (file) writeOrShow(file, values);
  if (options.json)
    return printJson({ ...created, client_secret: file ? null : created.client_secret });
  const shown = file ? { ...values, CLIENT_SECRET: `in ${file.path}` } : values;
  printFields([['application', created.id], ...describe(shown)]);
  printNext(options, client, values);
}

interface Handover {
  issuer: string;
  tokenUrl: string;
  client: Client;
  secret: string | null;
}

/** What a program needs to know; a public client has no secret. */
function variablesOf({ issuer, tokenUrl, client, secret }: Handover) {
  const [api] = client.apis;
  return {
    GATEHOUSE_ISSUER: issuer,
    CLIENT_ID: client.client_id,
    ...(secret === null ? {} : { CLIENT_SECRET: secret }),
    ...(api ? { RESOURCE: api.resource, SCOPE: api.scopes.join(' ') } : {}),
    TOKEN_URL: tokenUrl,
  };
}

/** Writes the file; when that fails after all, the values are shown, for they exist nowhere else. */
export function writeOrShow(file: EnvFile, values: Record<string, string>): void {
  try {
    file.write(values);
  } catch (error) {
    note(`${file.path} could not be written (${error instanceof Error ? error.message : error}).`);
    printFields(Object.entries(values));
  }
}

function describe(values: Record<string, string>): [string, string][] {
  return Object.entries(values).map(([name, value]) => [name.toLowerCase(), value]);
}

function printNext(
  { kind, envFile, name }: CreateOptions,
  client: Client,
  values: ReturnType<typeof variablesOf>,
): void {
  const [api] = client.apis;
  if (!api) {
    const subscribe = `gatehouse apps subscribe ${JSON.stringify(name)} --product <name>`;
    note(
      `It may call nothing yet: \`gatehouse apps products\` shows what there is, \`${subscribe}\` adds one.`,
    );
    return;
  }
  const secret = values.CLIENT_SECRET;
  if (kind !== 'machine' || secret === undefined) return;
  const line = curlLine({
    ...{ envFile, tokenUrl: values.TOKEN_URL, resource: api.resource },
    ...{ clientId: client.client_id, clientSecret: secret },
    exampleUrl: api.example_url ?? undefined,
  });
  process.stdout.write(`\nTry it:\n\n  ${line}\n`);
  if (envFile === undefined)
    note('\nThe secret is not shown again: store it now where the application finds it.');
}
