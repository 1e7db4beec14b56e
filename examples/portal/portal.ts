// Puts the portal together: what runs for every request, in this order, and the routes.
import { join } from 'node:path';
import Router from '@koa/router';
import Koa from 'koa';
import { createAuthorizationServer } from './authorization-server.ts';
import type { PortalConfig } from './config.ts';
import { addConsoleRoutes } from './console-flows.ts';
import { useCanonicalHost } from './http/canonical-host.ts';
import { answerErrors } from './http/error-pages.ts';
import { createRenderer } from './http/render.ts';
import { setSecurityHeaders } from './http/security-headers.ts';
import { serveStaticFiles } from './http/static-files.ts';
import { addPages } from './pages.ts';
import { redirectAnonymous, type Settings } from './settings.ts';
import { createPendingSignIns } from './sign-in/pending-sign-ins.ts';
import { addSignInRoutes } from './sign-in/routes.ts';
import { createSessions } from './sign-in/sessions.ts';

/** Builds the portal. It starts without its authorization server and finds it when first needed. */
export function createPortal(config: PortalConfig): Koa {
  const { origin, apiUrl } = config;
  const isSecure = origin.startsWith('https:');
  const settings: Settings = { redirectAnonymous: false };
  const server = createAuthorizationServer(config);
  const sessions = createSessions({ isSecure });
  const pending = createPendingSignIns({ isSecure });
  const folder = join(import.meta.dirname, 'views');
  const render = createRenderer({ folder, config, sessions });

  const router = new Router();
  addPages(router, { config, server, sessions, settings, render });
  addSignInRoutes(router, { origin, server, sessions, pending });
  addConsoleRoutes(router, { origin, server, sessions, render });

  const portal = new Koa();
  portal.use(setSecurityHeaders({ apiUrl, listIssuerOrigins: server.listOrigins }));
  portal.use(answerErrors(render));
  portal.use(useCanonicalHost(origin));
  // Before the redirect: the sign-in error page needs its style sheet too.
  portal.use(serveStaticFiles(join(import.meta.dirname, 'static')));
  portal.use(redirectAnonymous(settings, sessions));
  portal.use(router.routes());
  portal.use(router.allowedMethods());
  return portal;
}
