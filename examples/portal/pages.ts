// The pages of the portal that anyone may read, and the two that belong to whoever is signed in.
import type Router from '@koa/router';
import {
  type AuthorizationServer,
  AuthorizationServerUnreachable,
} from './authorization-server.ts';
import type { PortalConfig } from './config.ts';
import { CODE_CALLBACK, CREDENTIALS_PATH, PKCE_CALLBACK } from './console-flows.ts';
import { PageError } from './http/error-pages.ts';
import { isSameSecret, readForm } from './http/forms.ts';
import type { Render } from './http/render.ts';
import { ORDERS_API } from './orders-reference.ts';
import type { Settings } from './settings.ts';
import { isAdmin } from './sign-in/account.ts';
import type { Session, Sessions } from './sign-in/sessions.ts';

export type PagesOptions = {
  config: PortalConfig;
  server: AuthorizationServer;
  sessions: Sessions;
  settings: Settings;
  render: Render;
};

/** Adds home, the list of APIs, the API with its console, the account and the settings. */
export function addPages(router: Router, options: PagesOptions): void {
  const { config, server, sessions, settings, render } = options;

  router.get('/', (ctx) => render(ctx, 'home', { title: 'Home', api: ORDERS_API, config }));

  router.get('/apis', (ctx) => render(ctx, 'apis', { title: 'APIs', apis: [ORDERS_API] }));

  router.get('/apis/orders', async (ctx) => {
    const session = sessions.find(ctx);
    const consoleSetup = session && (await describeConsole(config, server, session));
    render(ctx, 'api', { title: 'Orders API', api: ORDERS_API, config, consoleSetup });
  });

  router.get('/account', (ctx) => {
    if (!sessions.find(ctx)) return ctx.redirect('/signin?return_to=%2Faccount');
    render(ctx, 'account', { title: 'Your account' });
  });

  router.get('/settings', (ctx) => {
    const mayChange = isAdmin(sessions.find(ctx)?.account);
    const wasSaved = ctx.query['saved'] !== undefined;
    render(ctx, 'settings', { title: 'Settings', settings, mayChange, wasSaved });
  });

  router.post('/settings', async (ctx) => {
    const form = await readForm(ctx);
    const session = sessions.find(ctx);
    if (!isAdmin(session?.account)) throw new PageError(NOT_ADMIN);
    if (!isSameSecret(form.get('csrf') ?? '', session?.csrf ?? '')) throw new PageError(STALE);
    settings.redirectAnonymous = form.get('redirect_anonymous') === 'on';
    ctx.status = 303;
    ctx.redirect('/settings?saved');
  });
}

/** What the console's modules need to know; undefined while the authorization server is away. */
async function describeConsole(
  { origin, console: { clientId }, apiUrl, sandboxResource }: PortalConfig,
  server: AuthorizationServer,
  { csrf, consoleKey }: Session,
): Promise<string | undefined> {
  try {
    const metadata = (await server.loadConsoleClient()).serverMetadata();
    return JSON.stringify({
      authorizationEndpoint: metadata.authorization_endpoint,
      tokenEndpoint: metadata.token_endpoint,
      clientId,
      codeRedirectUri: `${origin}${CODE_CALLBACK}`,
      pkceRedirectUri: `${origin}${PKCE_CALLBACK}`,
      credentialsPath: CREDENTIALS_PATH,
      sandboxUrl: `${apiUrl}/sandbox`,
      sandboxResource,
      operations: ORDERS_API.operations,
      csrf,
      consoleKey,
    });
  } catch (error) {
    if (error instanceof AuthorizationServerUnreachable) return undefined;
    throw error;
  }
}

const NOT_ADMIN = {
  status: 403,
  title: 'Only administrators change settings',
  message: 'Sign in with an account that has the role admin.',
};
const STALE = {
  status: 403,
  title: 'That form is out of date',
  message: 'Go back, reload the page and try once more.',
};
