// What an API may be: our policy, which registering and changing share.
import { z } from 'zod';
import { invalidRequest } from '../errors.ts';
import { isLanguage, LANGUAGE_NAMES } from '../http/i18n.ts';
import type { NewApi } from '../storage/apis.ts';

export const SIGNING_ALGS = ['RS256', 'PS256', 'ES256', 'Ed25519'] as const;
export const TOKEN_TYPES = ['at+jwt', 'JWT'] as const;
export const ENVIRONMENTS = ['production', 'sandbox'] as const;
/** What an API may ask for beyond the claims that every token carries. */
export const EXTRA_CLAIMS = [
  ...(['scp', 'roles', 'groups', 'acr', 'amr', 'auth_time'] as const),
  // For gateways: which product, quota class and subscription the token is on.
  ...(['product', 'plan', 'subscription'] as const),
] as const;

/** OpenID Connect Core section 5.4 and 11, and our own `roles` and `groups`. */
const IDENTITY_SCOPES = [
  ...['openid', 'profile', 'email', 'address', 'phone', 'offline_access'],
  ...['roles', 'groups'],
];

const resource = z
  .string()
  .regex(
    /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/,
    'the resource must be 1 to 200 printable ASCII characters without spaces, quotes and backslashes',
  )
  .superRefine((value, issues) => {
    const problem = resourceProblem(value);
    if (problem) issues.addIssue(`the resource ${problem}`);
  });

const scopeWords = z
  .string()
  .trim()
  .regex(
    /^\P{C}{1,200}$/u,
    'a scope needs a description of 1 to 200 characters: people read it when they are asked for consent',
  );

const scope = z.object({
  // RFC 6749 section 3.3, without the apostrophe, which ends strings in too many places.
  name: z
    .string()
    .regex(
      /^[\x21\x23-\x26\x28-\x5b\x5d-\x7e]{1,100}$/,
      'a scope must be 1 to 100 printable ASCII characters without spaces, quotes and backslashes',
    )
    .refine((name) => !name.endsWith('/.default'), 'a scope must not end with /.default'),
  description: scopeWords,
  texts: z
    .record(z.string(), scopeWords)
    .refine(
      (texts) => Object.keys(texts).every(isLanguage),
      `a text of a scope must be in a language of the pages: ${Object.keys(LANGUAGE_NAMES).join(', ')}`,
    )
    .default({}),
});

const apiRequest = z.object({
  name: z
    .string()
    .trim()
    .regex(/^\P{C}{1,100}$/u, 'the name must have 1 to 100 characters and no control characters'),
  environment: z.enum(ENVIRONMENTS, `the environment must be ${ENVIRONMENTS.join(' or ')}`),
  resource,
  audience: z
    .string()
    .regex(
      /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/,
      'the audience must be 1 to 200 printable ASCII characters without spaces, quotes and backslashes',
    )
    // An ID token has a client id as its audience: no access token may look like one.
    .refine(
      (value) => !value.startsWith('c_'),
      'the audience must not look like a client id (c_...)',
    ),
  alg: z.enum(SIGNING_ALGS, `alg must be one of ${SIGNING_ALGS.join(', ')}`),
  typ: z.enum(TOKEN_TYPES, `typ must be ${TOKEN_TYPES.join(' or ')}`),
  tokenLifetime: z
    .int('the lifetime must be a whole number of seconds')
    .min(60, 'the lifetime must be at least 60 seconds')
    .max(3600, 'the lifetime must be at most 3600 seconds'),
  claims: z.array(z.enum(EXTRA_CLAIMS, `a claim must be one of ${EXTRA_CLAIMS.join(', ')}`)),
  scopes: z.array(scope).min(1, 'an API needs at least one scope'),
  ownerGroupId: z.string().optional(),
  exampleUrl: z
    .url({ protocol: /^https?$/, message: 'the example must be an http(s) URL' })
    .max(500, 'the example URL must have at most 500 characters')
    .regex(/^[\x21\x23-\x26\x28-\x5b\x5d-\x7e]+$/, 'the example URL must need no quoting')
    .optional(),
  reuseSeconds: z
    .int('the seconds of reuse must be a whole number')
    .min(0, 'the seconds of reuse must not be negative')
    .max(3600, 'the seconds of reuse must be at most 3600')
    .default(0),
});

/** Reads what an API is to be. Throws 400 that says all that is wrong. */
export function readApi(request: NewApi): NewApi {
  const { success, data, error } = apiRequest.safeParse(request);
  if (!success) throw invalidRequest(error.issues.map(({ message }) => message).join('; '));
  const api: NewApi = { ...data, claims: [...new Set(data.claims)] };
  checkScopeNames(api);
  return api;
}

// RFC 8707 section 2: an absolute URI without fragment. It is compared as text.
function resourceProblem(value: string): string | undefined {
  const url = URL.parse(value);
  if (!url) return 'must be an absolute URI such as https://api.example.com/orders';
  if (value.includes('#')) return 'must not contain a fragment';
  if (url.username || url.password) return 'must not contain a user name or password';
  const normal = url.origin === 'null' ? url.protocol : url.origin;
  if (!value.startsWith(normal)) return `must begin with ${normal}, in the normal form`;
  return undefined;
}

function checkScopeNames(api: NewApi): void {
  const names = api.scopes.map(({ name }) => name);
  const reserved = names.find((name) => IDENTITY_SCOPES.includes(name));
  if (reserved)
    throw invalidRequest(`the scope ${reserved} belongs to OpenID Connect: an API cannot own it`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) throw invalidRequest(`the scope ${twice} is given twice`);
}
