// A fake of Microsoft Entra: any cloud, several tenants, personal accounts, Graph, External ID.
import { createHash, X509Certificate } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import {
  CLIENT_ID,
  createAuthorizationServer,
  type FakeServer,
  usesPost,
} from './_authorization-server.ts';
import { type Claims, createSigningKeys, type Faults, json, type SeenRequest } from './_fake.ts';

export const CONTOSO = '11111111-1111-4111-8111-111111111111';
export const FABRIKAM = '22222222-2222-4222-8222-222222222222';
export const PERSONAL = '9188040d-6c67-4c5b-b112-36a304b66dad';

export interface EntraFake extends FakeServer {
  /** Claims of the person, to be changed at will. The issuer follows `tid`. */
  person: Claims;
  graph: GraphState;
  /** `issuer` of each key in the key set; undefined: none. */
  keyIssuer: string | undefined;
}

/** What Graph knows of the person who is signed in. */
export interface GraphState {
  origin: string;
  groups: string[];
  pageSize: number;
  permitted: boolean;
  /** Instead of the true address of the next page. */
  nextLink?: string | undefined;
}

export interface EntraOptions {
  authority?: string;
  /** As it stands in the addresses: `common`, a domain, an ID. */
  tenant?: string;
  /** What the document calls the issuer. */
  issuer?: string;
  /** How the issuer of ID tokens follows from the tenant. */
  issuerOf?: (tid: string) => string;
  graph?: string;
  person?: Claims;
  /** Changes to the discovery document. */
  metadata?: Record<string, unknown>;
  /** PEM: the client proves itself by it instead of its secret. */
  certificate?: string;
}

/** One tenant, or `common`, at one authority. */
export function createEntra(options: EntraOptions = {}): EntraFake {
  const authority = options.authority ?? 'https://login.microsoftonline.com';
  const tenant = options.tenant ?? 'common';
  const base = `${authority}/${tenant}`;
  const issuer = options.issuer ?? `${authority}/${issuerName(tenant)}/v2.0`;
  const issuerOf = options.issuerOf ?? ((tid: string) => `${authority}/${tid}/v2.0`);
  const token = `${base}/oauth2/v2.0/token`;
  const keys = createSigningKeys();
  const person: Claims = {
    ...{ tid: tidOf(tenant), oid: 'aaaaaaaa-0000-4000-8000-000000000001' },
    ...{ name: 'Jo Doe', given_name: 'Jo', family_name: 'Doe', email: 'jo@contoso.com' },
    ...{ preferred_username: 'jo.doe@contoso.com', login_hint: 'O.opaque', sid: 'entra-session' },
    ...options.person,
  };
  const graph: GraphState = {
    origin: options.graph ?? 'https://graph.microsoft.com',
    ...{ groups: [], pageSize: 100, permitted: true },
  };
  const metadata = {
    issuer,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    token_endpoint: token,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
    userinfo_endpoint: 'https://graph.microsoft.com/oidc/userinfo',
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
    tenant_region_scope: null,
    cloud_graph_host_name: 'graph.windows.net',
    ...options.metadata,
  };
  const server = createAuthorizationServer({
    origins: [authority, graph.origin],
    issuer,
    authorizationEndpoint: metadata.authorization_endpoint,
    tokenEndpoint: token,
    isClient: (request, body) =>
      options.certificate
        ? provesCertificate(body, options.certificate, token)
        : usesPost(request, body),
    tokenError: (error) =>
      json({ ...error, ...TRACE }, error.error === 'invalid_client' ? 401 : 400),
    // Pairwise: another one for each client.
    idToken: () => ({
      iss: issuerOf(String(person['tid'])),
      sub: createHash('sha256').update(`${CLIENT_ID} ${person['oid']}`).digest('base64url'),
      ver: '2.0',
      ...person,
    }),
    keys,
    routes: {
      [`${base}/v2.0/.well-known/openid-configuration`]: {
        place: 'discovery',
        answer: () => json(metadata),
      },
      [metadata.jwks_uri]: {
        place: 'keys',
        answer: async () => {
          const { keys: all } = await keys.jwks();
          return json({ keys: all.map((key) => ({ ...key, issuer: fake.keyIssuer })) });
        },
      },
      [`${graph.origin}/v1.0/me/getMemberObjects`]: {
        place: 'api',
        answer: (request) => answerGroups(graph, request),
      },
    },
  });
  const shared = `${authority}/{tenantid}/v2.0`;
  const fake: EntraFake = Object.assign(server, { person, graph, keyIssuer: shared });
  return fake;
}

/** External ID: it issues under its ID, whatever host it is asked by. */
export function createExternalId(options: EntraOptions = {}): EntraFake {
  const issuerOf = (tid: string) => `https://${tid}.ciamlogin.com/${tid}/v2.0`;
  const fake = createEntra({
    authority: 'https://contoso.ciamlogin.com',
    tenant: CONTOSO,
    issuer: issuerOf(CONTOSO),
    issuerOf,
    ...options,
  });
  fake.keyIssuer = undefined;
  return fake;
}

/** The error body of Entra's token endpoint. */
export function aadsts(
  number: number,
  text: string,
  error = 'invalid_grant',
): NonNullable<Faults['token']> {
  return {
    error,
    error_description: `AADSTS${number}: ${text} Trace ID: 0000 Correlation ID: 0000 Timestamp: 2026-11-27 22:00:00Z`,
    error_codes: [number],
  };
}

const TRACE = {
  timestamp: '2026-11-27 22:00:00Z',
  trace_id: '00000000-0000-0000-0000-000000000000',
  correlation_id: '00000000-0000-0000-0000-000000000000',
};

function issuerName(tenant: string): string {
  if (tenant === 'common' || tenant === 'organizations') return '{tenantid}';
  return tidOf(tenant);
}

function tidOf(tenant: string): string {
  if (tenant === 'consumers') return PERSONAL;
  return /^[0-9a-f-]{36}$/.test(tenant) ? tenant : CONTOSO;
}

async function provesCertificate(body: URLSearchParams, pem: string, audience: string) {
  const certificate = new X509Certificate(pem);
  const assertion = body.get('client_assertion') ?? '';
  const thumbprint = createHash('sha256').update(certificate.raw).digest('base64url');
  if (decodeProtectedHeader(assertion)['x5t#S256'] !== thumbprint) return false;
  await jwtVerify(assertion, certificate.publicKey, {
    ...{ audience, issuer: CLIENT_ID, subject: CLIENT_ID, algorithms: ['PS256'] },
    requiredClaims: ['jti', 'exp'],
  });
  return true;
}

function answerGroups(graph: GraphState, { body, method, url }: SeenRequest): Response {
  if (method !== 'POST' || typeof JSON.parse(body).securityEnabledOnly !== 'boolean')
    return json({ error: { code: 'BadRequest' } }, 400);
  if (!graph.permitted) return json({ error: { code: 'Authorization_RequestDenied' } }, 403);
  const start = Number(url.searchParams.get('$skiptoken') ?? 0);
  const end = start + graph.pageSize;
  const next = new URL(url);
  next.searchParams.set('$skiptoken', String(end));
  return json({
    '@odata.context': `${graph.origin}/v1.0/$metadata#Collection(Edm.String)`,
    value: graph.groups.slice(start, end),
    ...(end < graph.groups.length ? { '@odata.nextLink': graph.nextLink ?? next.href } : {}),
  });
}
