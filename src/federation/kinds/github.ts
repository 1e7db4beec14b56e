// GitHub, and GitHub Enterprise Server by its address. OAuth 2.0 without ID tokens.

import * as client from 'openid-client';
import { z } from 'zod';
import type { OutgoingFetch } from '../../http/outgoing/outgoing-fetch.ts';
import {
  type ConnectorKind,
  type Explanation,
  Refusal,
  type UpstreamIdentity,
} from '../connector.ts';
import { present } from '../upstreams/authorization-hints.ts';
import { fixedEndpoints, secretOf, secretProblems, textOf } from '../upstreams/openid-upstream.ts';
import { type ApiAccess, askApi, askApiIfAllowed } from '../upstreams/upstream-api.ts';

const PUBLIC = 'https://github.com';

const settings = {
  /** Of an Enterprise Server. */
  base_url: z.url({ protocol: /^https?$/ }).default(PUBLIC),
  /** Where its API is not where GitHub has it. */
  api_url: z.url({ protocol: /^https?$/ }).optional(),
  /** Only members of these organizations, by numeric id: a name may get another owner. Needs the scope read:org. */
  allowed_organizations: z.array(z.string().regex(/^\d+$/, 'must be a numeric id')).default([]),
};
type Settings = z.infer<z.ZodObject<typeof settings>>;

const person = z.object({
  id: z.int().positive(),
  login: z.string(),
  name: z.unknown().optional(),
});
const addresses = z.array(
  z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }),
);
const organizations = z.array(z.object({ id: z.int() }));

export const github: ConnectorKind<typeof settings> = {
  title: 'GitHub',
  settings,
  problems: secretProblems,
  scopes: ['read:user', 'user:email'],
  protocol: 'oauth2',
  async configure(upstream) {
    const base = baseOf(upstream.settings);
    const server = {
      // Callbacks have named it since April 2026 (RFC 9207).
      issuer: `${base}/login/oauth`,
      authorization_endpoint: `${base}/login/oauth/authorize`,
      token_endpoint: `${base}/login/oauth/access_token`,
    };
    const fetch = withHonestStatus(upstream.fetch);
    return fixedEndpoints(
      { ...upstream, fetch },
      server,
      client.ClientSecretPost(secretOf(upstream)),
    );
  },
  authorizationParameters: (_upstream, { loginHint, prompt }) =>
    present({ login: loginHint, prompt: prompt === undefined ? undefined : 'select_account' }),
  async readIdentity({ settings: own }, access) {
    const api = apiOf(own);
    const { id, login, name } = await askApi(access, new URL(`${api}/user`), person);
    if (own.allowed_organizations.length > 0)
      await checkOrganizations(own.allowed_organizations, access, api);
    return {
      issuer: `${baseOf(own)}/login/oauth`,
      // The login can be renamed, and taken by somebody else.
      subject: String(id),
      displayName: textOf(name) ?? login,
      ...(await readEmail(own, access, api)),
    };
  },
  explain: ({ error, description }) => EXPLANATIONS[error]?.(description),
};

const EXPLANATIONS: Record<string, (description: string) => Explanation> = {
  bad_verification_code: () => ({ reason: 'refused', advice: 'The code was used or is too old.' }),
  incorrect_client_credentials: () => ({
    reason: 'misconfigured',
    advice: 'GitHub does not know this client_id with this client_secret.',
  }),
  redirect_uri_mismatch: () => ({
    reason: 'misconfigured',
    advice: 'Register the redirect URI of this connector as authorization callback URL.',
  }),
  application_suspended: (advice) => ({ reason: 'misconfigured', advice }),
  unverified_user_email: (advice) => ({ reason: 'not_admitted', advice }),
};

// GitHub reports errors with status 200, and the library would lose which one it was.
function withHonestStatus(fetch: OutgoingFetch): OutgoingFetch {
  return async (url, options) => {
    const response = await fetch(url, options);
    if (response.status !== 200 || options?.method !== 'POST') return response;
    const text = await response.text();
    return new Response(text, { status: isError(text) ? 400 : 200, headers: response.headers });
  };
}

function isError(text: string): boolean {
  try {
    return typeof JSON.parse(text)?.error === 'string';
  } catch {
    return false;
  }
}

// The public GitHub proves addresses; nobody knows what a server of one's own does.
async function readEmail(
  own: Settings,
  access: ApiAccess,
  api: string,
): Promise<Pick<UpstreamIdentity, 'email' | 'emailTrust'>> {
  // Without the scope user:email, which the person may have unticked, there are none.
  const all = (await askApiIfAllowed(access, new URL(`${api}/user/emails`), addresses)) ?? [];
  const email = all.find(({ primary, verified }) => primary && verified)?.email;
  return { email, emailTrust: email && baseOf(own) === PUBLIC ? 'verified' : 'none' };
}

async function checkOrganizations(allowed: string[], access: ApiAccess, api: string) {
  const url = new URL(`${api}/user/orgs?per_page=100`);
  const mine = await askApiIfAllowed(access, url, organizations);
  if (!mine) throw new Refusal('misconfigured', 'Add read:org to the scopes of this connector.');
  if (!mine.some(({ id }) => allowed.includes(String(id))))
    throw new Refusal('not_admitted', 'The account is in none of the allowed_organizations.');
}

const baseOf = ({ base_url }: Settings) => base_url.replace(/\/+$/, '');

function apiOf(own: Settings): string {
  if (own.api_url) return own.api_url.replace(/\/+$/, '');
  return baseOf(own) === PUBLIC ? 'https://api.github.com' : `${baseOf(own)}/api/v3`;
}
