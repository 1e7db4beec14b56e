// The options of clients create, and which of them do not fit together.
import { z } from 'zod';

export const CLIENT_KINDS = [
  'web',
  'spa',
  'native',
  'machine',
  'mixed',
  'resource-server',
] as const;

const list = z
  .array(z.string())
  .default([])
  .transform((values) => [...new Set(values)]);
export const createOptions = z.object({
  kind: z.enum(CLIENT_KINDS),
  name: z.string(),
  redirectUri: list,
  spaRedirectUri: list,
  postLogoutRedirectUri: list,
  origin: list,
  api: list,
  scope: list,
  firstParty: z.boolean().default(false),
  pkce: z.boolean(),
  rotateRefreshTokens: z.boolean().default(false),
  jwks: z.string().optional(),
  introspects: list,
  json: z.boolean().default(false),
});

export type CreateOptions = z.infer<typeof createOptions>;

const PUBLIC = ['spa', 'native'];

/** Which options do not fit together, in words; undefined when all do. */
export function conflictOf(options: CreateOptions): string | undefined {
  const { kind, redirectUri, spaRedirectUri } = options;
  const rules: { wrong: boolean; sentence: string }[] = [
    {
      wrong: kind !== 'mixed' && spaRedirectUri.length > 0,
      sentence: `--spa-redirect-uri is for the kind mixed: a ${kind} client takes --redirect-uri.`,
    },
    {
      wrong: redirectUri.some((uri) => spaRedirectUri.includes(uri)),
      sentence: 'A redirect URI cannot be of the server side and of the browser side at once.',
    },
    {
      wrong: !options.pkce && kind !== 'web' && kind !== 'mixed',
      sentence: `--no-pkce is for the kinds web and mixed, not for ${kind}.`,
    },
    {
      wrong: options.rotateRefreshTokens && kind !== 'web',
      sentence: `--rotate-refresh-tokens is for the kind web: ${PUBLIC.includes(kind) ? `a ${kind} client always rotates` : `a ${kind} client has no refresh tokens`}.`,
    },
    {
      wrong: options.jwks !== undefined && PUBLIC.includes(kind),
      sentence: `--jwks is for clients that can keep a private key: a ${kind} client has no credential.`,
    },
    {
      wrong: options.scope.length > 0 && options.api.length === 0,
      sentence: '--scope needs --api: name the API that the scopes belong to.',
    },
    {
      wrong: kind === 'resource-server' && options.api.length > 0,
      sentence: 'A resource-server client asks for no tokens: name its API with --introspects.',
    },
    {
      wrong: kind !== 'resource-server' && options.introspects.length > 0,
      sentence: '--introspects is for the kind resource-server.',
    },
  ];
  return rules.find(({ wrong }) => wrong)?.sentence;
}
