// The router of the developer's API, and what every request to it goes through: a token with the
// scope of the endpoint, a limit on changes, strict schemas, and one answer to one idempotency key.
import Router from '@koa/router';
import type { Context } from 'koa';
import { actorOf } from '../applications/actor.ts';
import { AppError } from '../errors.ts';
import { readJsonObject } from '../http/json-body.ts';
import { onlyOnce } from '../http/only-once.ts';
import type { RateLimit } from '../http/rate-limit.ts';
import { readBearer, type VerifyBearer } from './bearer.ts';
import type { Answer, ApiDeps, Call, Endpoint } from './endpoint.ts';
import { ENDPOINTS } from './endpoints.ts';
import { DOCUMENT_PATH, describeApi } from './openapi.ts';
import { parsePart } from './request-parts.ts';
import { loadApplication } from './resources/application-shape.ts';

const PREFIX = '/api/v1';
const IDEMPOTENCY_KEY = 'Idempotency-Key';

/** Creates the router; `changes` limits how often an account may change something. */
export function createDeveloperApiRoutes(
  deps: ApiDeps & { verify: VerifyBearer; changes: RateLimit },
): Router {
  const router = new Router();
  const document = describeApi(deps.issuer, ENDPOINTS);
  router.use(PREFIX, allowEveryOrigin);
  router.get(`${PREFIX}${DOCUMENT_PATH}`, (ctx) => {
    ctx.set('Cache-Control', 'public, max-age=300');
    ctx.body = document;
  });
  const methods = new Map([[DOCUMENT_PATH, ['GET']]]);
  for (const endpoint of ENDPOINTS) {
    const { method, path } = endpoint;
    methods.set(path, [...(methods.get(path) ?? []), method]);
    router.register(addressOf(path), [method], (ctx: Context) => run(ctx, deps, endpoint));
  }
  for (const [path, allowed] of methods) {
    router.all(addressOf(path), (ctx) => {
      const allow = [...allowed, 'OPTIONS'].join(', ');
      if (ctx.method !== 'OPTIONS')
        throw new AppError(405, 'invalid_request', `This address answers ${allow}.`, {
          headers: { Allow: allow },
        });
      ctx.set({ Allow: allow, 'Access-Control-Allow-Methods': allow });
      ctx.status = 204;
    });
  }
  return router;
}

async function run(
  ctx: Context,
  deps: ApiDeps & { verify: VerifyBearer; changes: RateLimit },
  endpoint: Endpoint,
): Promise<void> {
  const bearer = await readBearer(ctx, { ...deps, scope: endpoint.scope });
  const changes = endpoint.method !== 'GET';
  if (changes) await expectAllowance(deps.changes, bearer.account.id);
  const call: Call<unknown, unknown> = {
    account: bearer.account,
    actor: { ...actorOf(ctx, bearer.account.id), accountId: bearer.account.id },
    ...{ clientId: bearer.clientId, scopes: bearer.scopes },
    params: ctx['params'],
    query: parsePart(endpoint.query, { ...ctx.query }, 'query'),
    body: changes ? parsePart(endpoint.body, await readJsonObject(ctx), 'body') : {},
  };
  const answer = await workOnce(ctx, deps, endpoint, call);
  ctx.set('Cache-Control', 'no-store');
  ctx.status = endpoint.status;
  if (answer.location) ctx.set('Location', `${PREFIX}${answer.location}`);
  if (answer.body !== undefined) ctx.body = answer.body;
}

// draft-ietf-httpapi-idempotency-key-header: a string of RFC 8941; many send it without its quotes.
async function workOnce(
  ctx: Context,
  deps: ApiDeps,
  endpoint: Endpoint,
  call: Call<unknown, unknown>,
): Promise<Answer> {
  const key = ctx.get(IDEMPOTENCY_KEY).replace(/^"(.*)"$/, '$1');
  if (endpoint.method !== 'POST' || key === '') return endpoint.work(deps, call);
  const request = { path: ctx.path, query: call.query, body: call.body };
  const holder = `${call.account.id} ${call.clientId}`;
  let replayed = true;
  const answer = await onlyOnce(deps, { holder, key, request }, () => {
    replayed = false;
    return endpoint.work(deps, call);
  });
  if (replayed) {
    await expectStillMember(deps, call, answer);
    ctx.set('Idempotency-Replayed', 'true');
  }
  return answer;
}

// An old answer about an application, which may hold a secret, is for who is still a member.
async function expectStillMember(
  deps: ApiDeps,
  { account, params }: Call<unknown, unknown>,
  { location = '' }: Answer,
): Promise<void> {
  const id = params['id'] ?? /^\/me\/applications\/([^/]+)/.exec(location)?.[1];
  if (id !== undefined) await loadApplication(deps, { account, params: { id } });
}

async function expectAllowance(limit: RateLimit, accountId: string): Promise<void> {
  const seconds = await limit.take(accountId);
  if (seconds === 0) return;
  throw new AppError(
    429,
    'too_many_requests',
    `You have changed a lot in a short time. Try again in ${seconds} seconds.`,
    { headers: { 'Retry-After': String(seconds) } },
  );
}

// Only a bearer token lets anybody do anything, and no browser adds one by itself: every page may ask.
async function allowEveryOrigin(ctx: Context, next: () => Promise<unknown>): Promise<void> {
  ctx.set({
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Expose-Headers': `WWW-Authenticate, Location, Retry-After, X-Correlation-Id, Idempotency-Replayed`,
  });
  if (ctx.method === 'OPTIONS')
    ctx.set({
      'Access-Control-Allow-Headers': `Authorization, Content-Type, ${IDEMPOTENCY_KEY}`,
      'Access-Control-Max-Age': '600',
    });
  await next();
}

function addressOf(path: string): string {
  return `${PREFIX}${path.replace(/\{(\w+)\}/g, ':$1')}`;
}
