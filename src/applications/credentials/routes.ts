// /applications/<id>/credentials: the secrets and keys of an application, in each environment.
import Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { readOwnForm } from '../../accounts/self-care/self-care.ts';
import { AppError, notFound } from '../../errors.ts';
import { translate } from '../../http/i18n.ts';
import { onlyOnce } from '../../http/only-once.ts';
import { type Client, findApplicationClients } from '../../storage/clients.ts';
import { findApplicationCredential } from '../../storage/credentials.ts';
import { currentUnitOfWork } from '../../storage/unit-of-work.ts';
import { actorOf } from '../actor.ts';
import { goOnTo } from '../pages/developer-page.ts';
import {
  type OwnApplication,
  showApplicationPage,
  whenOwnApplication,
} from '../pages/own-application.ts';
import { addPublicKeys, addSecret } from './add-credential.ts';
import {
  renameCredential,
  restoreCredential,
  retireCredential,
  type WhichCredential,
} from './change-credential.ts';
import type { CredentialPagesDeps } from './page-deps.ts';
import { publishKeys } from './publish-keys.ts';
import { environmentFile, showCredentials } from './show-credentials.ts';

const PATH = '/applications/:id/credentials';
const environment = z.enum(['sandbox', 'production'], 'There is no such environment.');
const days = z
  .enum(['', '30', '90', '180', '365'], 'Choose when it expires.')
  .transform((text) => (text === '' ? undefined : Number(text)));
const name = z.string().max(1000).default('');
const secretForm = z.object({ idempotency_key: z.string(), environment, name, expires: days });
const keysForm = z.object({ environment, name, expires: days, jwks: z.string().max(30_000) });
const publishedForm = z.object({ environment, jwks_uri: z.string().max(2000).default('') });
const credential = z.string().max(100);
const retireForm = z.object({
  credential,
  after: z.enum(['0', '3600', '86400', '604800'], 'Choose when it ends.').transform(Number),
  confirmed: z.literal('yes').optional(),
});

/** The routes of the pages. */
export function createCredentialRoutes(deps: CredentialPagesDeps): Router {
  const router = new Router();
  const post = (path: string, work: Work) =>
    router.post(
      `${PATH}${path}`,
      whenOwnApplication(deps, (ctx, own) => work(ctx, deps, own)),
    );
  router.get(
    PATH,
    whenOwnApplication(deps, (ctx, own) => showCredentials(ctx, deps, own)),
  );
  post('/secrets', addOwnSecret);
  post('/keys', addOwnKeys);
  post('/published', publishOwnKeys);
  post('/retire', retireOwn);
  post('/restore', restoreOwn);
  post('/rename', renameOwn);
  return router;
}

type Work = (ctx: Context, deps: CredentialPagesDeps, own: OwnApplication) => Promise<void>;

// The same form sent twice shows the same secret twice.
const addOwnSecret: Work = async (ctx, deps, own) => {
  const form = await readOwnForm(ctx, deps, own.person, secretForm);
  const { idempotency_key: key, ...request } = form;
  const client = await clientOf(deps, own, form.environment);
  const { application, person } = own;
  const typed = { environment: form.environment, name: form.name, jwks: '', jwksUri: '' };
  await orRefused(ctx, deps, own, { typed, idempotencyKey: key }, async () => {
    const holder = `${person.account.id} ${application.id} credentials`;
    const added = await onlyOnce(deps, { holder, key, request }, async () => {
      const { credential: made, secret } = await addSecret(deps, actorOf(ctx, person.account.id), {
        ...{ clientId: client.id, name: form.name, expiresInDays: form.expires },
      });
      return { name: made.name, secret };
    });
    const { issuer } = deps;
    await showApplicationPage(ctx, deps, own, {
      view: 'application/credential-added',
      section: 'credentials',
      data: {
        ...{ ...added, environment: form.environment, clientId: client.id },
        file: environmentFile({ issuer, clientId: client.id, secret: added.secret }),
      },
    });
  });
};

const addOwnKeys: Work = async (ctx, deps, own) => {
  const form = await readOwnForm(ctx, deps, own.person, keysForm);
  const client = await clientOf(deps, own, form.environment);
  const typed = { environment: form.environment, name: form.name, jwks: form.jwks, jwksUri: '' };
  await orRefused(ctx, deps, own, { typed }, async () => {
    await addPublicKeys(deps, actorOf(ctx, own.person.account.id), {
      ...{ clientId: client.id, name: form.name, expiresInDays: form.expires },
      jwks: readKeySet(form.jwks),
    });
    goOnTo(ctx, pathOf(own), 'key');
  });
};

const publishOwnKeys: Work = async (ctx, deps, own) => {
  const form = await readOwnForm(ctx, deps, own.person, publishedForm);
  const client = await clientOf(deps, own, form.environment);
  const url = form.jwks_uri.trim();
  const typed = { environment: form.environment, name: '', jwks: '', jwksUri: url };
  await orRefused(ctx, deps, own, { typed }, async () => {
    await publishKeys(deps, actorOf(ctx, own.person.account.id), {
      ...{ clientId: client.id, url: url === '' ? undefined : url },
    });
    goOnTo(ctx, pathOf(own), 'published');
  });
};

const retireOwn: Work = async (ctx, deps, own) => {
  const form = await readOwnForm(ctx, deps, own.person, retireForm);
  const which = await ownCredential(deps, own, form.credential);
  const request = { ...which, overlapSeconds: form.after, confirmed: form.confirmed === 'yes' };
  await orRefused(ctx, deps, own, {}, async () => {
    try {
      await retireCredential(deps, actorOf(ctx, own.person.account.id), request);
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'last_credential')) throw error;
      ctx.status = 409;
      return showApplicationPage(ctx, deps, own, {
        view: 'application/credential-last',
        section: 'credentials',
        data: { credential: which.credential, after: form.after },
      });
    }
    goOnTo(ctx, pathOf(own), form.after === 0 ? 'revoked' : 'retired');
  });
};

const restoreOwn: Work = async (ctx, deps, own) => {
  const form = await readOwnForm(ctx, deps, own.person, z.object({ credential }));
  const which = await ownCredential(deps, own, form.credential);
  await orRefused(ctx, deps, own, {}, async () => {
    await restoreCredential(deps, actorOf(ctx, own.person.account.id), which);
    goOnTo(ctx, pathOf(own), 'restored');
  });
};

const renameOwn: Work = async (ctx, deps, own) => {
  const form = await readOwnForm(ctx, deps, own.person, z.object({ credential, name }));
  const which = await ownCredential(deps, own, form.credential);
  await orRefused(ctx, deps, own, {}, async () => {
    await renameCredential(deps, { ...which, name: form.name });
    goOnTo(ctx, pathOf(own), 'renamed');
  });
};

// What is refused in words is shown on the page where it was asked, and changes nothing.
async function orRefused(
  ctx: Context,
  deps: CredentialPagesDeps,
  own: OwnApplication,
  refused: Omit<NonNullable<Parameters<typeof showCredentials>[3]>, 'alert'>,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof AppError && error.key)) throw error;
    await currentUnitOfWork()?.rollback();
    ctx.status = error.status;
    const alert = translate(ctx)(error.key, error.values);
    await showCredentials(ctx, deps, own, { ...refused, alert });
  }
}

async function clientOf(
  { db }: CredentialPagesDeps,
  { application }: OwnApplication,
  wanted: z.infer<typeof environment>,
): Promise<Client> {
  const client = (await findApplicationClients(db, application.id))[wanted];
  if (!client || client.authMethod === 'none') throw notFound();
  return client;
}

async function ownCredential(
  { db }: CredentialPagesDeps,
  { application }: OwnApplication,
  id: string,
): Promise<WhichCredential & { credential: { id: string; name: string; hint: string } }> {
  const found = await findApplicationCredential(db, application.id, id);
  if (!found) throw notFound();
  return { clientId: found.clientId, credentialId: found.id, credential: found };
}

function readKeySet(text: string): { keys: Record<string, unknown>[] } {
  const oneKey = z.record(z.string(), z.unknown());
  const read = z.union([z.object({ keys: z.array(oneKey) }), oneKey]);
  const parsed = read.safeParse(parseJson(text));
  if (!parsed.success) throw wrongKeys('{"keys":[{"kty":"EC",…}]}');
  const { keys } = parsed.data;
  return Array.isArray(keys) ? { keys } : { keys: [parsed.data] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function wrongKeys(problem: string): AppError {
  return new AppError(400, 'invalid_request', `jwks must look like ${problem}`, {
    key: 'credential.keys-unreadable',
    values: { example: problem },
  });
}

function pathOf({ application }: OwnApplication): string {
  return `/applications/${application.id}/credentials`;
}
