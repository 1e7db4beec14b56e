// What a program sends to register a client (RFC 7591 section 2, OpenID Connect Registration section
// 2): read leniently, for there are many writers, and turned into one of our kinds of applications.
import { z } from 'zod';
import type { ApplicationKind } from '../../storage/applications.ts';
import { invalidMetadata, invalidRedirectUri } from './registration-errors.ts';

const text = z.string().max(2000);
/** null and an empty string mean the same as nothing. RFC 7592 section 2.2. */
const optional = <T extends z.ZodType>(type: T) =>
  z.preprocess((value) => (value === null || value === '' ? undefined : value), type.optional());
const strings = z.array(text).max(50);

const metadata = z.object({
  client_name: optional(text),
  client_uri: optional(text),
  redirect_uris: optional(strings),
  post_logout_redirect_uris: optional(strings),
  grant_types: optional(strings),
  response_types: optional(strings),
  token_endpoint_auth_method: optional(text),
  application_type: optional(text),
  scope: optional(z.string().max(10_000)),
  jwks: optional(z.object({ keys: z.array(z.record(z.string(), z.unknown())).max(10) })),
  jwks_uri: optional(text),
  contacts: optional(z.array(z.string().max(320)).max(20)),
  logo_uri: optional(text),
  policy_uri: optional(text),
  tos_uri: optional(text),
  software_id: optional(text),
  software_version: optional(text),
  software_statement: optional(z.unknown()),
});

export type ClientMetadata = z.infer<typeof metadata>;

/** What a client may say of itself that changes nothing here: kept, and told again. */
const KEPT = [
  ...([
    'contacts',
    'logo_uri',
    'policy_uri',
    'tos_uri',
    'software_id',
    'software_version',
  ] as const),
  ...(['token_endpoint_auth_method', 'application_type'] as const),
];
const LINKS = ['client_uri', 'logo_uri', 'policy_uri', 'tos_uri', 'jwks_uri'] as const;

export interface RequestedClient {
  kind: ApplicationKind;
  /** undefined: it says none. */
  name: string | undefined;
  homepage: string | undefined;
  redirectUris: string[];
  postLogoutRedirectUris: string[];
  /** The scopes that it asks for; undefined: it does not say. */
  scopes: string[] | undefined;
  jwks: { keys: Record<string, unknown>[] } | undefined;
  jwksUri: string | undefined;
  kept: Record<string, unknown>;
}

/** Reads a request. Throws 400 in the words of RFC 7591 that names the field and what may be there. */
export function readClientMetadata(body: unknown): RequestedClient {
  const { success, data, error } = metadata.safeParse(body);
  if (!success) {
    const [issue] = error.issues;
    const field = issue?.path.join('.') || 'The request';
    if (field.startsWith('redirect_uris'))
      throw invalidRedirectUri('redirect_uris must be a list of URIs.');
    throw invalidMetadata(`${field} is not of the form that RFC 7591 gives it.`);
  }
  const problem = metadataProblem(data);
  if (problem) throw invalidMetadata(problem);
  const kind = kindOf(data);
  return {
    kind,
    name: data.client_name?.trim(),
    homepage: data.client_uri,
    redirectUris: data.redirect_uris ?? [],
    postLogoutRedirectUris: data.post_logout_redirect_uris ?? [],
    scopes: data.scope?.split(/\s+/).filter((scope) => scope !== ''),
    jwks: data.jwks,
    jwksUri: data.jwks_uri,
    kept: Object.fromEntries(
      KEPT.flatMap((name) => (data[name] === undefined ? [] : [[name, data[name]]])),
    ),
  };
}

function metadataProblem(data: ClientMetadata): string | undefined {
  if (data.software_statement !== undefined) return 'software_statement is not taken here.';
  if (data.jwks && data.jwks_uri) return 'Send jwks or jwks_uri, not both.';
  for (const name of LINKS) {
    if (data[name] !== undefined && !isLink(data[name]))
      return `${name} must be a URL that begins with https://.`;
  }
  return grantsProblem(data) ?? authenticationProblem(data);
}

const GRANT_TYPES = ['authorization_code', 'refresh_token', 'client_credentials'];

function grantsProblem({ grant_types: grants, response_types }: ClientMetadata) {
  const odd = grants?.find((grant) => !GRANT_TYPES.includes(grant));
  if (odd !== undefined)
    return `The grant type ${odd} is not taken: use ${GRANT_TYPES.join(', ')}.`;
  if (grants?.includes('client_credentials') && grants.includes('authorization_code'))
    return 'A client acts for itself (client_credentials) or for people (authorization_code): register two.';
  if (grants?.length === 1 && grants[0] === 'refresh_token')
    return 'refresh_token is nothing by itself: add authorization_code.';
  const response = response_types?.find((type) => type !== 'code');
  return response === undefined
    ? undefined
    : `The response type ${response} is not taken: use code, with PKCE.`;
}

const METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'];

function authenticationProblem(data: ClientMetadata): string | undefined {
  const { token_endpoint_auth_method: method = 'client_secret_basic' } = data;
  if (!METHODS.includes(method))
    return `The method ${method} is not taken: use ${METHODS.join(', ')}.`;
  const hasKeys = data.jwks !== undefined || data.jwks_uri !== undefined;
  if (method === 'private_key_jwt' && !hasKeys)
    return 'private_key_jwt needs the public keys: send jwks or jwks_uri.';
  return method !== 'private_key_jwt' && hasKeys
    ? 'Public keys are for the method private_key_jwt.'
    : methodProblem(data);
}

function methodProblem(data: ClientMetadata): string | undefined {
  const { token_endpoint_auth_method: method = 'none' } = data;
  const kind = kindOf(data);
  if (kind === 'native' && method !== 'none')
    return 'A native application keeps no secret: its method is none.';
  return kind === 'machine' && data.token_endpoint_auth_method === 'none'
    ? 'A client that acts for itself must authenticate: its method is not none.'
    : undefined;
}

function kindOf(data: ClientMetadata): ApplicationKind {
  if (data.grant_types?.includes('client_credentials')) return 'machine';
  if (data.application_type === 'native') return 'native';
  return data.token_endpoint_auth_method === 'none' ? 'spa' : 'web';
}

// They are told to others, who may make links of them.
function isLink(value: string): boolean {
  const url = URL.parse(value);
  return url?.protocol === 'https:' && !url.username && !url.password;
}
