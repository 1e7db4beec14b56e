// Sign in with Apple.
import { SignJWT } from 'jose';
import type { ClientAuth, ClientMetadata, IDToken, ServerMetadata } from 'openid-client';
import { z } from 'zod';
import type { ConnectorKind, EmailTrust, Upstream } from '../connector.ts';
import { secretReference } from '../settings.ts';
import { readClientKey } from '../upstreams/client-key.ts';
import {
  claimsOf,
  discover,
  isTrue,
  standardIdentity,
  textOf,
} from '../upstreams/openid-upstream.ts';

const settings = {
  /** Another one is for stand-ins. */
  issuer: z.url({ protocol: /^https?$/ }).default('https://appleid.apple.com'),
  team_id: z.string().min(1),
  key_id: z.string().min(1),
  /** The key that Apple gave as AuthKey_....p8. */
  private_key: secretReference,
};
type Own = z.infer<z.ZodObject<typeof settings>>;

export const apple: ConnectorKind<typeof settings> = {
  title: 'Apple',
  settings,
  scopes: ['openid', 'name', 'email'],
  protocol: 'oidc',
  // Apple insists on it whenever name or e-mail is asked for.
  responseMode: 'form_post',
  configure: async (upstream) =>
    discover(upstream, upstream.settings.issuer, await mintedSecret(upstream)),
  async readIdentity(_upstream, { tokens, callback }) {
    const claims = claimsOf(tokens);
    return { ...standardIdentity(claims), ...nameIn(callback), emailTrust: trustOf(claims) };
  },
  explain({ error }) {
    if (error === 'user_cancelled_authorize')
      return { reason: 'cancelled', advice: 'The person turned back.' };
    if (error === 'invalid_client')
      return {
        reason: 'misconfigured',
        advice:
          'Apple does not take the client secret: check client_id, team_id, key_id, private_key.',
      };
    return undefined;
  },
};

// The client's secret is a JWT, made anew for each request.
async function mintedSecret(upstream: Upstream<Own>): Promise<ClientAuth> {
  const { issuer, key_id, private_key, team_id } = upstream.settings;
  const { key, alg } = await readClientKey(upstream, private_key);
  const mint = async (
    _server: ServerMetadata,
    { client_id }: ClientMetadata,
    body: URLSearchParams,
  ) => {
    const secret = await new SignJWT()
      .setProtectedHeader({ alg, kid: key_id })
      .setIssuer(team_id)
      .setSubject(client_id)
      .setAudience(issuer)
      .setIssuedAt()
      .setExpirationTime('5 minutes')
      .sign(key);
    body.set('client_id', client_id);
    body.set('client_secret', secret);
  };
  // The library waits for it, as for its own; its type does not say so.
  return mint as ClientAuth;
}

// Apple runs the mailboxes of its relay.
function trustOf(claims: IDToken): EmailTrust {
  const email = textOf(claims['email'])?.toLowerCase();
  if (!email || !isTrue(claims['email_verified'])) return 'none';
  return email.endsWith('@privaterelay.appleid.com') ? 'authoritative' : 'verified';
}

const userField = z.object({
  name: z.object({ firstName: z.unknown().optional(), lastName: z.unknown().optional() }),
});

// Sent at the very first sign-in only, unsigned: good for a name, never for an address.
function nameIn(callback: URLSearchParams) {
  const name = userField.safeParse(parseJson(callback.get('user'))).data?.name;
  return name ? { givenName: textOf(name.firstName), familyName: textOf(name.lastName) } : {};
}

function parseJson(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
