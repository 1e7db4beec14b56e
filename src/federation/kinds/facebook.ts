// Facebook Login. OAuth 2.0 with the Graph API, whose errors are not those of RFC 6749.

import { createHmac } from 'node:crypto';
import * as client from 'openid-client';
import { z } from 'zod';
import type { OutgoingFetch } from '../../http/outgoing/outgoing-fetch.ts';
import type { ConnectorKind, Explanation } from '../connector.ts';
import { present } from '../upstreams/authorization-hints.ts';
import { fixedEndpoints, secretOf, secretProblems, textOf } from '../upstreams/openid-upstream.ts';
import { askApi } from '../upstreams/upstream-api.ts';

const ISSUER = 'https://www.facebook.com';
const GRAPH = 'https://graph.facebook.com';

const settings = {
  /** Each is switched off about two years after it came. */
  graph_version: z
    .string()
    .regex(/^v\d+\.\d+$/, 'must be a version such as v26.0')
    .default('v26.0'),
};

const person = z.object({
  /** Of this person for this app. */
  id: z.string().regex(/^\d+$/),
  name: z.unknown().optional(),
  first_name: z.unknown().optional(),
  last_name: z.unknown().optional(),
  email: z.unknown().optional(),
});

export const facebook: ConnectorKind<typeof settings> = {
  title: 'Facebook',
  settings,
  problems: secretProblems,
  scopes: ['public_profile', 'email'],
  protocol: 'oauth2',
  async configure(upstream) {
    const { graph_version } = upstream.settings;
    const server = {
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/${graph_version}/dialog/oauth`,
      token_endpoint: `${GRAPH}/${graph_version}/oauth/access_token`,
    };
    const fetch = withStandardErrors(upstream.fetch);
    return fixedEndpoints(
      { ...upstream, fetch },
      server,
      client.ClientSecretPost(secretOf(upstream)),
    );
  },
  authorizationParameters: (_upstream, { prompt }) =>
    present({ auth_type: prompt === 'login' ? 'reauthenticate' : undefined }),
  async readIdentity(upstream, access) {
    const url = new URL(`${GRAPH}/${upstream.settings.graph_version}/me`);
    url.searchParams.set('fields', 'id,name,first_name,last_name,email');
    // Asked for when the app's "Require App Secret" is on: a stolen token is of no use elsewhere.
    const proof = createHmac('sha256', secretOf(upstream)).update(access.tokens.access_token);
    url.searchParams.set('appsecret_proof', proof.digest('hex'));
    const { id, name, first_name, last_name, email } = await askApi(access, url, person);
    return {
      issuer: ISSUER,
      subject: id,
      // Missing when the person signed up by telephone or unticked it; nothing says it was checked.
      email: textOf(email),
      emailTrust: 'none',
      givenName: textOf(first_name),
      familyName: textOf(last_name),
      displayName: textOf(name),
    };
  },
  explain: ({ error, description }) => explainCode(error, description),
};

/** An error of the Graph API. */
const graphError = z.object({ error: z.object({ code: z.int(), message: z.string() }) });

// {"error":{"code":1,...}} becomes {"error":"graph_1",...}: the library reads the latter only.
function withStandardErrors(fetch: OutgoingFetch): OutgoingFetch {
  return async (url, options) => {
    const response = await fetch(url, options);
    if (response.status < 400 || response.status > 499) return response;
    const text = await response.text();
    const { status, headers } = response;
    const told = readGraphError(text);
    if (!told) return new Response(text, { status, headers });
    return Response.json(
      { error: `graph_${told.code}`, error_description: told.message },
      { status },
    );
  };
}

function readGraphError(text: string): { code: number; message: string } | undefined {
  try {
    return graphError.safeParse(JSON.parse(text)).data?.error;
  } catch {
    return undefined;
  }
}

function explainCode(error: string, description: string): Explanation | undefined {
  switch (error) {
    case 'graph_1':
    case 'graph_101':
      return {
        reason: 'misconfigured',
        advice: `Check client_id and client_secret: ${description}`,
      };
    case 'graph_191':
      return { reason: 'misconfigured', advice: `Register the redirect URI: ${description}` };
    case 'graph_2':
    case 'graph_4':
    case 'graph_613':
      return { reason: 'unavailable', advice: description };
    default:
      return undefined;
  }
}
