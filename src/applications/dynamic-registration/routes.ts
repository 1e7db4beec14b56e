// /register: dynamic client registration (RFC 7591) and its management (RFC 7592).
import { createSecretKey } from 'node:crypto';
import Router from '@koa/router';
import type { Context } from 'koa';
import { AppError } from '../../errors.ts';
import { readJsonObject } from '../../http/json-body.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import { findClientSecret } from '../registration/client-secrets.ts';
import { describeClient } from './client-information.ts';
import { readClientMetadata } from './client-metadata.ts';
import { deregister, type ManagedClient, openClient, replaceClient } from './manage.ts';
import { type DynamicRegistrationDeps, registerDynamically } from './register.ts';
import { bearerOf, policyOf, type VerifyToken } from './registrar.ts';
import { invalidMetadata } from './registration-errors.ts';
import { renewSecret } from './renew-secret.ts';

export interface RegistrationRoutesDeps extends DynamicRegistrationDeps {
  verify: VerifyToken;
  /** What is wrong counts for its network, what is right for its policy or client. */
  limit: RateLimit;
}

/** Creates the router. */
export function createRegistrationRoutes(deps: RegistrationRoutesDeps): Router {
  const router = new Router();
  router.post('/register', async (ctx) => {
    const token = bearerOf(ctx);
    const policy = await counted(ctx, deps, () => policyOf(deps, token));
    await take(deps, policy.id);
    const requested = readClientMetadata(await readJsonObject(ctx));
    const information = await registerDynamically(deps, policy, requested, traceOf(ctx));
    answer(ctx, 201, describeClient(information));
  });
  router.get('/register/:id', (ctx) =>
    managing(ctx, deps, async (managed) => {
      answer(ctx, 200, describeClient({ ...managed, secret: undefined }));
    }),
  );
  router.put('/register/:id', (ctx) =>
    managing(ctx, deps, async (managed) => {
      const body = await readJsonObject(ctx);
      const secret = provenSecret(deps, managed, body);
      const changed = await replaceClient(deps, managed, readClientMetadata(body));
      answer(ctx, 200, describeClient({ ...changed, secret }));
    }),
  );
  router.delete('/register/:id', (ctx) =>
    managing(ctx, deps, async (managed) => {
      await deregister(deps.db, managed);
      answer(ctx, 204, null);
    }),
  );
  // Portals can be told to use any of the three.
  router.register('/register/:id/renew-secret', ['POST', 'PUT', 'PATCH'], (ctx: Context) =>
    managing(ctx, deps, async (managed) => {
      const renewed = await renewSecret(deps, managed);
      answer(ctx, 200, describeClient({ ...managed, ...renewed }));
    }),
  );
  return router;
}

async function managing(
  ctx: Context,
  deps: RegistrationRoutesDeps,
  work: (managed: ManagedClient) => Promise<void>,
): Promise<void> {
  const token = bearerOf(ctx);
  const clientId = String(ctx['params'].id);
  const managed = await counted(ctx, deps, () =>
    openClient(deps, { clientId, token }, traceOf(ctx)),
  );
  await take(deps, clientId);
  await work(managed);
}

// Guessing is slowed down by network; whoever has a token is none of those who guess.
async function counted<T>(
  ctx: Context,
  { limit }: RegistrationRoutesDeps,
  work: () => Promise<T>,
): Promise<T> {
  const network = `network ${ctx.state['network']}`;
  const seconds = await limit.take(network);
  if (seconds > 0) throw tooMany(seconds);
  const result = await work();
  await limit.giveBack(network);
  return result;
}

async function take({ limit }: RegistrationRoutesDeps, key: string): Promise<void> {
  const seconds = await limit.take(key);
  if (seconds > 0) throw tooMany(seconds);
}

function tooMany(seconds: number): AppError {
  return new AppError(429, 'rate_limited', `Too many requests: try again in ${seconds} s.`, {
    headers: { 'Retry-After': String(seconds) },
  });
}

// RFC 7592 section 2.2: the request names the client, and its secret only if it is the right one.
function provenSecret(
  { hashKeys }: RegistrationRoutesDeps,
  { client }: ManagedClient,
  body: unknown,
): string | undefined {
  const { client_id, client_secret } = body as Record<string, unknown>;
  if (client_id !== client.id)
    throw invalidMetadata(`client_id must be ${client.id}, the client that the address names.`);
  if (client_secret === undefined || client_secret === null) return undefined;
  const keys = hashKeys.map((key) => createSecretKey(key));
  if (findClientSecret(keys, client.secretHashes, String(client_secret)))
    return String(client_secret);
  throw invalidMetadata('client_secret is not one of this client: leave it out, or renew it.');
}

function traceOf(ctx: Context) {
  const { network, correlationId } = ctx.state;
  return { network, correlationId };
}

function answer(ctx: Context, status: number, body: Record<string, unknown> | null): void {
  ctx.set({ 'Cache-Control': 'no-store', Pragma: 'no-cache' });
  ctx.body = body;
  ctx.status = status;
}
