// The server's part of the test console: the pop-up's callback pages and the two exchanges that
// need the console client's secret. Paths and messages are those of the API Management portal.
import type Router from '@koa/router';
import type { Context } from 'koa';
import * as client from 'openid-client';
import type { AuthorizationServer } from './authorization-server.ts';
import { isSameSecret, readForm } from './http/forms.ts';
import type { Render } from './http/render.ts';
import { type ProtocolError, readProtocolError } from './protocol-errors.ts';
import type { Sessions } from './sign-in/sessions.ts';

export const CODE_CALLBACK = '/signin-oauth/code/callback/gatehouse';
export const PKCE_CALLBACK = '/signin-oauth/code-pkce/callback/gatehouse';
export const CREDENTIALS_PATH = '/signin-oauth/credentials/gatehouse';

export type ConsoleFlowsOptions = {
  origin: string;
  server: AuthorizationServer;
  sessions: Sessions;
  render: Render;
};

type AccessToken = { accessToken: string; accessTokenType: string };

/** Adds the routes of the console. All but the PKCE callback need a session of this portal. */
export function addConsoleRoutes(router: Router, options: ConsoleFlowsOptions): void {
  const { origin, server, sessions, render } = options;

  // The page of the pop-up hands this message to the page that opened it, and closes.
  const hand = (ctx: Context, message: Record<string, unknown>): void => {
    ctx.set('Referrer-Policy', 'no-referrer');
    render(ctx, 'popup', {
      title: 'Back to the console',
      message: JSON.stringify(message),
      origin,
    });
  };

  router.get(CODE_CALLBACK, async (ctx) => {
    const state = String(ctx.query['state'] ?? '');
    const [consoleKey = ''] = state.split('.');
    const session = sessions.find(ctx);
    if (session === undefined || !isSameSecret(consoleKey, session.consoleKey)) {
      return hand(ctx, { ...FOREIGN_CODE, state });
    }
    const callbackUrl = new URL(`${origin}${CODE_CALLBACK}${ctx.search}`);
    const result = await settle(async () => {
      const config = await server.loadConsoleClient();
      return client.authorizationCodeGrant(config, callbackUrl, { expectedState: state });
    });
    hand(ctx, { ...result, state });
  });

  router.get(PKCE_CALLBACK, (ctx) => {
    const { code, error, error_description } = ctx.query;
    // The code is of no use here: the verifier is in the page that opened the pop-up.
    hand(ctx, error === undefined ? { code } : { error, error_description });
  });

  router.post(CREDENTIALS_PATH, async (ctx) => {
    const form = await readForm(ctx);
    const session = sessions.find(ctx);
    if (session === undefined || !isSameSecret(form.get('csrf') ?? '', session.csrf)) {
      ctx.status = 403;
      ctx.body = FOREIGN_FORM;
      return;
    }
    const result = await settle(async () =>
      client.clientCredentialsGrant(await server.loadConsoleClient(), {
        scope: form.get('scope') ?? '',
      }),
    );
    ctx.status = 'error' in result ? 400 : 200;
    ctx.body = result;
  });
}

async function settle(
  requestToken: () => Promise<client.TokenEndpointResponse>,
): Promise<AccessToken | ProtocolError> {
  try {
    const { access_token, token_type } = await requestToken();
    return { accessToken: access_token, accessTokenType: token_type };
  } catch (error) {
    const failure = readProtocolError(error);
    if (failure === undefined) throw error;
    return failure;
  }
}

const FOREIGN_CODE: ProtocolError = {
  error: 'invalid_state',
  error_description:
    'This answer does not belong to your session. Sign in to the portal and ask for a token again.',
};
const FOREIGN_FORM: ProtocolError = {
  error: 'invalid_session',
  error_description: 'Your session has ended. Reload the page and sign in again.',
};
