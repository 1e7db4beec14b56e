// Any OAuth 2.0 server with an API that describes the person. Where everything is, the settings say.
import * as client from 'openid-client';
import { z } from 'zod';
import { type ConnectorKind, Refusal } from '../connector.ts';
import {
  fixedEndpoints,
  isTrue,
  secretOf,
  secretProblems,
  textOf,
} from '../upstreams/openid-upstream.ts';
import { askApi } from '../upstreams/upstream-api.ts';

const endpoint = z.url({ protocol: /^https?$/ });
/** Names from the outside to the inside, separated by dots. */
const path = z.string().regex(/^[^.]+(\.[^.]+)*$/, 'must be a path such as data.id');

const settings = {
  authorization_endpoint: endpoint,
  token_endpoint: endpoint,
  userinfo_endpoint: endpoint,
  /** What its callbacks call it, if they do (RFC 9207). */
  issuer: endpoint.optional(),
  token_endpoint_auth_method: z
    .enum(['client_secret_basic', 'client_secret_post'])
    .default('client_secret_basic'),
  /** Where the answer of the userinfo endpoint has what. */
  claims: z
    .strictObject({
      id: path.default('id'),
      email: path.default('email'),
      email_verified: path.default('email_verified'),
      given_name: path.default('given_name'),
      family_name: path.default('family_name'),
      name: path.default('name'),
    })
    .prefault({}),
};

export const oauth2: ConnectorKind<typeof settings> = {
  title: 'OAuth 2.0',
  settings,
  problems: secretProblems,
  scopes: [],
  protocol: 'oauth2',
  async configure(upstream) {
    const { authorization_endpoint, issuer, token_endpoint } = upstream.settings;
    const server = { authorization_endpoint, issuer: issuer ?? token_endpoint, token_endpoint };
    const authenticate = {
      client_secret_basic: client.ClientSecretBasic,
      client_secret_post: client.ClientSecretPost,
    }[upstream.settings.token_endpoint_auth_method];
    return fixedEndpoints(upstream, server, authenticate(secretOf(upstream)));
  },
  async readIdentity({ settings: own }, access) {
    const url = new URL(own.userinfo_endpoint);
    const answer = await askApi(access, url, z.record(z.string(), z.unknown()));
    const read = (name: keyof typeof own.claims) => valueAt(answer, own.claims[name]);
    const email = textOf(read('email'));
    const verified = read('email_verified');
    return {
      // Ids are the client's and the server's that gave them out.
      issuer: `${new URL(own.token_endpoint).origin}/${encodeURIComponent(own.client_id)}`,
      subject: subjectOf(read('id'), own.claims.id),
      email,
      // What the server calls verified is worth what the administrator says of it (email_trust).
      emailTrust: 'none',
      emailUnproven: verified !== undefined && !isTrue(verified),
      givenName: textOf(read('given_name')),
      familyName: textOf(read('family_name')),
      displayName: textOf(read('name')),
    };
  },
};

function valueAt(answer: Record<string, unknown>, at: string): unknown {
  return at.split('.').reduce<unknown>((value, name) => {
    const isObject = typeof value === 'object' && value !== null;
    return isObject && Object.hasOwn(value, name)
      ? (value as Record<string, unknown>)[name]
      : undefined;
  }, answer);
}

function subjectOf(id: unknown, at: string): string {
  // A number beyond the safe ones was rounded: two people would share it.
  const subject = Number.isSafeInteger(id) ? String(id) : textOf(id);
  if (subject) return subject;
  throw new Refusal('invalid_answer', `The answer has no id at ${at}.`);
}
