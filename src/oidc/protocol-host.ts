// What the host adds around the protocol endpoints: POST /authorize, and caching of public documents.
import type { Context, Middleware, Next } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import getRawBody from 'raw-body';
import { AppError, temporarilyUnavailable } from '../errors.ts';
import { expectOwnOrigin } from '../http/form.ts';
import type { Render } from '../http/render.ts';
import type { BrowserBinding } from './browser-binding.ts';
import { renderContinue } from './continue-page.ts';
import {
  answerRotation,
  authenticateRotation,
  ROTATION_PATH,
  type RotationDeps,
} from './credential-rotation.ts';
import { introspectJwt, isRefusedJwt, type JwtIntrospectionDeps } from './introspect-jwt.ts';
import { completeRefusal, type RefusalDeps } from './keep-refusal.ts';
import { renderEndedSignIn } from './provider-pages.ts';

const PUBLIC_DOCUMENTS = new Set([
  '/jwks',
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
]);
const OWN_ENDPOINTS = new Set([ROTATION_PATH]);
// OpenID Connect Core section 3.1.2.1 and RP-Initiated Logout section 2 allow POST as well.
const BROWSER_ENDPOINTS = new Set(['/authorize', '/logout']);
// Longer than any honest request, shorter than what Node takes as a request line.
const MAX_QUERY_BYTES = 8 * 1024;

/** Hands a request to the provider. */
export function protocolHost(deps: {
  handle: Middleware;
  /** False while this node may have missed what others changed: then it must not speak for them. */
  isCurrent: () => boolean;
  /** Seconds that caches may keep the public documents. */
  cacheSeconds: number;
  introspection: JwtIntrospectionDeps;
  rotation: RotationDeps;
  refusals: RefusalDeps;
  render: Render;
  browser: BrowserBinding;
  /** Leads on to the sign-out of the upstream where the session began; undefined: there is none. */
  signOutUpstream: (
    ctx: Context,
    session: { sessionUid: string; returnTo: string },
  ) => Promise<{ name: string; href: string } | undefined>;
  /** Somebody who signed in elsewhere has a session now: `name` is where that waits for its uid. */
  adoptSession: (name: string, sessionUid: string) => Promise<void>;
  /** The name of the library's cookie that resumes an interaction. */
  resumeCookie: () => string;
}): Middleware {
  return async function protocol(ctx, next) {
    // The library's router folds case and a trailing slash: so must we.
    const path = ctx.path.toLowerCase().replace(/\/$/, '');
    if (isPosted(ctx, path, BROWSER_ENDPOINTS)) return redirectToGet(ctx, path);
    if (PUBLIC_DOCUMENTS.has(path)) return servePublicDocument(ctx, next, deps);
    if (isPosted(ctx, path, OWN_ENDPOINTS)) return rotate(ctx, next, deps);
    if (isForeignResume(ctx, deps)) return renderEndedSignIn(ctx, deps.render);
    await answer(ctx, next, deps, path);
  };
}

async function answer(
  ctx: Context,
  next: Next,
  deps: Parameters<typeof protocolHost>[0],
  path: string,
): Promise<void> {
  if (path === '/logout/confirm') expectOwnOrigin(ctx);
  await handleCurrent(ctx, next, deps);
  await followUpstream(ctx, deps, path);
  await completeAnswer(ctx, deps);
}

function isPosted({ method }: Context, path: string, endpoints: Set<string>): boolean {
  return method === 'POST' && endpoints.has(path);
}

async function handleCurrent(
  ctx: Context,
  next: Next,
  { handle, isCurrent }: { handle: Middleware; isCurrent: () => boolean },
): Promise<void> {
  if (!isCurrent()) throw temporarilyUnavailable();
  await handle(ctx, next);
}

async function rotate(
  ctx: Context,
  next: Next,
  deps: Parameters<typeof protocolHost>[0],
): Promise<void> {
  // The provider puts its own part on the context.
  const protocolContext = ctx as unknown as KoaContextWithOIDC;
  const passed = await authenticateRotation(protocolContext, () => handleCurrent(ctx, next, deps));
  if (passed) await answerRotation(protocolContext, deps.rotation);
  else completeRefusal(ctx, deps.refusals);
}

// With the database away, too.
async function servePublicDocument(
  ctx: Context,
  next: Next,
  { handle, cacheSeconds }: { handle: Middleware; cacheSeconds: number },
): Promise<void> {
  await handle(ctx, next);
  if (ctx.status === 200) ctx.set('Cache-Control', `public, max-age=${cacheSeconds}`);
}

// An interaction is resumed in the browser that began it, or not at all.
function isForeignResume(
  ctx: Context,
  { browser, resumeCookie }: { browser: BrowserBinding; resumeCookie: () => string },
): boolean {
  const uid = /^\/authorize\/([^/]+)\/?$/i.exec(ctx.path)?.[1];
  if (uid === undefined) return false;
  // The library goes by the cookie alone: it must name the interaction of the path.
  return ctx.cookies.get(resumeCookie(), { signed: true }) !== uid || !browser.isBound(ctx, uid);
}

// A page that goes on by itself: browsers hold the whole chain of redirects after a form against its policy.
async function goOnUpstream(
  ctx: Context,
  deps: Pick<Parameters<typeof protocolHost>[0], 'signOutUpstream' | 'render'>,
): Promise<void> {
  const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>;
  const returnTo = ctx.response.get('Location');
  const isAsked = oidc?.body?.['upstream'] === 'yes' && oidc.params?.['logout'];
  const sessionUid = oidc?.session?.uid;
  if (ctx.status !== 303 || !isAsked || !sessionUid || !returnTo) return;
  const next = await deps.signOutUpstream(ctx, { sessionUid, returnTo });
  if (!next) return;
  ctx.remove('Location');
  ctx.status = 200;
  deps.render(ctx, 'leave', { connector: next.name, href: next.href });
}

async function followUpstream(
  ctx: Context,
  deps: Parameters<typeof protocolHost>[0],
  path: string,
): Promise<void> {
  await adoptUpstream(ctx, deps);
  if (path === '/logout/confirm') await goOnUpstream(ctx, deps);
}

async function adoptUpstream(
  ctx: Context,
  { adoptSession }: { adoptSession: (name: string, sessionUid: string) => Promise<void> },
): Promise<void> {
  // Only where the provider handled a request, it put its part on the context.
  const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>;
  const login = oidc?.result?.login;
  const uid = oidc?.session?.uid;
  if (typeof login?.['upstream'] === 'string' && uid) await adoptSession(login['upstream'], uid);
}

async function completeAnswer(
  ctx: Context,
  deps: { introspection: JwtIntrospectionDeps; refusals: RefusalDeps; render: Render },
): Promise<void> {
  // The provider has put its own part on the context by now.
  const protocolContext = ctx as unknown as KoaContextWithOIDC;
  if (isRefusedJwt(protocolContext)) await introspectJwt(protocolContext, deps.introspection);
  completeRefusal(ctx, deps.refusals);
  renderContinue(ctx, deps.render, deps.refusals.issuer);
}

// Answered by GET, so that the browser sends its Lax cookies.
async function redirectToGet(ctx: Context, path: string): Promise<void> {
  if (!ctx.is('application/x-www-form-urlencoded')) {
    throw new AppError(
      415,
      'invalid_request',
      'Send this request as application/x-www-form-urlencoded.',
    );
  }
  const body = await getRawBody(ctx.req, { limit: MAX_QUERY_BYTES, encoding: 'utf8' }).catch(
    (cause: unknown) => {
      throw new AppError(413, 'invalid_request', 'This request is too large.', {
        cause,
      });
    },
  );
  ctx.status = 303;
  ctx.redirect(`${path}?${new URLSearchParams(body)}`);
}
