// Signing in and out by OpenID Connect: code flow with PKCE, state and nonce; RP-initiated logout.
import type Router from '@koa/router';
import type { Context } from 'koa';
import * as client from 'openid-client';
import type { AuthorizationServer } from '../authorization-server.ts';
import { PageError } from '../http/error-pages.ts';
import { isSameSecret, readForm } from '../http/forms.ts';
import { readProtocolError } from '../protocol-errors.ts';
import { readAccount } from './account.ts';
import type { PendingSignIn, PendingSignIns } from './pending-sign-ins.ts';
import { readReturnPath } from './return-path.ts';
import type { Sessions } from './sessions.ts';

export type SignInOptions = {
  origin: string;
  server: AuthorizationServer;
  sessions: Sessions;
  pending: PendingSignIns;
};

/** Adds `/signin`, `/signup`, `/callback` and `/signout`. */
export function addSignInRoutes(router: Router, options: SignInOptions): void {
  const { origin, server, sessions, pending } = options;
  const redirectUri = `${origin}/callback`;

  const begin = async (ctx: Context, prompt?: 'create'): Promise<void> => {
    const returnPath = readReturnPath(ctx.query['return_to'], origin);
    const config = await server.loadSignInClient();
    const retry = `${ctx.path}?return_to=${encodeURIComponent(returnPath)}`;
    const { state, nonce, codeVerifier } = pending.begin(ctx, { returnPath, retry });
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: listScopes(config),
      state,
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      ...(prompt && { prompt }),
    });
    ctx.redirect(url.href);
  };

  router.get('/signin', async (ctx) => {
    const returnPath = readReturnPath(ctx.query['return_to'], origin);
    if (sessions.find(ctx)) ctx.redirect(`${origin}${returnPath}`);
    else await begin(ctx);
  });

  router.get('/signup', (ctx) => begin(ctx, 'create'));

  router.get('/callback', async (ctx) => {
    const signIn = pending.redeem(ctx, String(ctx.query['state'] ?? ''));
    if (signIn === undefined) {
      // The back button after a finished sign-in is no reason to worry anyone.
      if (sessions.find(ctx)) return ctx.redirect(`${origin}/`);
      throw new PageError(UNKNOWN_SIGN_IN);
    }
    const config = await server.loadSignInClient();
    const callbackUrl = new URL(`${redirectUri}${ctx.search}`);
    sessions.start(ctx, await completeSignIn(config, callbackUrl, signIn));
    ctx.redirect(`${origin}${signIn.returnPath}`);
  });

  router.post('/signout', async (ctx) => {
    const form = await readForm(ctx);
    const session = sessions.find(ctx);
    if (session === undefined) return ctx.redirect(`${origin}/`);
    if (!isSameSecret(form.get('csrf') ?? '', session.csrf)) throw new PageError(FOREIGN_FORM);
    sessions.end(ctx);
    const config = await server.loadSignInClient().catch((error: unknown) => {
      throw new PageError(ONLY_HERE, { cause: error });
    });
    const url = client.buildEndSessionUrl(config, {
      id_token_hint: session.idToken,
      post_logout_redirect_uri: `${origin}/`,
    });
    ctx.status = 303;
    ctx.redirect(url.href);
  });
}

// The settings page looks at roles; where they have a scope of their own, ask for it.
function listScopes(config: client.Configuration): string {
  const { scopes_supported = [] } = config.serverMetadata();
  const scopes = ['openid', 'profile', 'email'];
  return [...scopes, ...(scopes_supported.includes('roles') ? ['roles'] : [])].join(' ');
}

async function completeSignIn(
  config: client.Configuration,
  callbackUrl: URL,
  { state, nonce, codeVerifier, retry }: PendingSignIn,
): Promise<Parameters<Sessions['start']>[1]> {
  try {
    const tokens = await client.authorizationCodeGrant(config, callbackUrl, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: codeVerifier,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (claims === undefined || tokens.id_token === undefined) throw new PageError(NO_ID_TOKEN);
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
    return { account: readAccount({ ...claims, ...userinfo }), idToken: tokens.id_token };
  } catch (error) {
    const failure = readProtocolError(error);
    if (failure === undefined) throw error;
    const wasRefused = failure.error === 'access_denied';
    const page = {
      status: wasRefused ? 403 : 502,
      title: wasRefused ? 'You were not signed in' : 'Signing in did not work',
      message: failure.error_description || 'The sign-in server gave no further explanation.',
      code: failure.error,
      retry,
    };
    throw new PageError(page, { cause: error });
  }
}

const UNKNOWN_SIGN_IN = {
  status: 400,
  title: 'This sign-in cannot be completed',
  message:
    'It was started in another browser, took longer than an hour, or is already done. Start again from here.',
  retry: '/signin',
};
const FOREIGN_FORM = {
  status: 403,
  title: 'That form is out of date',
  message: 'Go back, reload the page and try once more.',
};
const ONLY_HERE = {
  status: 503,
  title: 'You are signed out of this portal',
  message:
    'The sign-in server could not be reached, so your session there may still be open. Close the browser if others use it too.',
};
const NO_ID_TOKEN = {
  status: 502,
  title: 'Signing in did not work',
  message: 'The sign-in server sent no ID token.',
};
