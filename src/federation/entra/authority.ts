// The clouds of Microsoft Entra: where a tenant's endpoints are, and which addresses belong to them.
import * as client from 'openid-client';
import { Refusal, type Upstream } from '../connector.ts';
import { discover } from '../upstreams/openid-upstream.ts';
import { type CredentialSettings, clientAuthentication } from './credential.ts';
import { isShared, isTenantId, PERSONAL_ACCOUNTS } from './tenants.ts';

export const PUBLIC_CLOUD = 'https://login.microsoftonline.com';

const GRAPHS: Record<string, string> = {
  [PUBLIC_CLOUD]: 'https://graph.microsoft.com',
  'https://login.microsoftonline.us': 'https://graph.microsoft.us',
  'https://login.partner.microsoftonline.cn': 'https://microsoftgraph.chinacloudapi.cn',
};

interface Place {
  authority: string;
  graph?: string | undefined;
}

/** Microsoft Graph of an authority. A stand-in is its own. */
export function graphOf({ authority, graph }: Place): string {
  return graph ?? GRAPHS[authority] ?? authority;
}

/** Finds the endpoints of a tenant, on whichever cloud it is. */
export async function discoverTenant(
  upstream: Upstream<CredentialSettings & Place>,
  tenant: string,
): Promise<client.Configuration> {
  const { authority } = upstream.settings;
  if (!upstream.insecure && !authority.startsWith('https:'))
    throw new Refusal('misconfigured', `authority must be https outside of the demo: ${authority}`);
  // openid-client fills in `{tenantid}` of an issuer only for the public cloud: every cloud is asked
  // for by that name, and issuer, endpoints and keys are those of the document that it sends.
  const routed: typeof upstream.fetch = (url, options) =>
    upstream.fetch(authority + url.slice(PUBLIC_CLOUD.length), options);
  const configuration = await discover(
    { ...upstream, fetch: routed },
    `${PUBLIC_CLOUD}/${tenant}/v2.0`,
    await clientAuthentication(upstream),
  ).catch((error: unknown) => {
    throw explainNoDocument(error, `${authority}/${tenant}`);
  });
  configuration[client.customFetch] = upstream.fetch as client.CustomFetch;
  const metadata = configuration.serverMetadata();
  if (!isIssuerOf(metadata.issuer, authority, tenant))
    throw foreign(`the issuer ${metadata.issuer}`, authority);
  checkEndpoints(metadata, upstream.settings, (origin) => origin === authority);
  return configuration;
}

/** Refuses a document with an endpoint that is not on the authority: secrets would go there. */
export function checkEndpoints(
  metadata: client.ServerMetadata,
  place: Place,
  isOurs: (origin: string) => boolean,
): void {
  const graphs = [graphOf(place), ...Object.values(GRAPHS)];
  for (const [name, address] of Object.entries(metadata)) {
    if (!name.endsWith('_endpoint') && name !== 'jwks_uri') continue;
    const origin = originOf(address);
    const fits = isOurs(origin) || (name === 'userinfo_endpoint' && graphs.includes(origin));
    if (!fits) throw foreign(`the ${name} ${String(address)}`, place.authority);
  }
}

/** The origin of an address; empty when it is none. */
function originOf(address: unknown): string {
  return typeof address === 'string' && URL.canParse(address) ? new URL(address).origin : '';
}

function isIssuerOf(issuer: string, authority: string, tenant: string): boolean {
  const [start, end] = [`${authority}/`, '/v2.0'];
  if (!issuer.startsWith(start) || !issuer.endsWith(end)) return false;
  const named = issuer.slice(start.length, -end.length);
  if (named === '{tenantid}') return isShared(tenant);
  const asked = tenant === 'consumers' ? PERSONAL_ACCOUNTS : tenant;
  // A verified domain is answered with the id of its tenant.
  return isTenantId(named) && (!isTenantId(asked) || named === asked);
}

function foreign(what: string, authority: string): Refusal {
  return new Refusal(
    'invalid_answer',
    `The discovery document of ${authority} names ${what}: set authority to the cloud in which the tenant is.`,
  );
}

/** Entra answers 400 with AADSTS90002 where it knows no such tenant. */
export function explainNoDocument(error: unknown, tenant: string): unknown {
  const answer = error instanceof Error ? error.cause : undefined;
  if (!(answer instanceof Response) || ![400, 404].includes(answer.status)) return error;
  return new Refusal('misconfigured', `${tenant} is not known there: check tenant and authority.`, {
    cause: error,
  });
}
