// /account/identities: the ways in that an account has, one more, and one less. Both sides of a new link
// are shown before it is made, and it takes the account's proof to begin.
import Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import {
  goOn,
  proofProblem,
  readOwnForm,
  type SelfCareDeps,
  showPage,
  whenSignedIn,
} from '../../accounts/self-care/self-care.ts';
import type { SignedIn } from '../../accounts/self-care/signed-in.ts';
import { AppError } from '../../errors.ts';
import { translate } from '../../http/i18n.ts';
import { momentOf } from '../../http/moments.ts';
import type { AccountViews } from '../../http/views/account.ts';
import { listIdentities } from '../../storage/identities.ts';
import { type AttemptDeps, beginAttempt } from '../attempts/kept-attempts.ts';
import { recordRefusal, sentenceOfRefusal } from '../attempts/refuse-sign-in.ts';
import { Refusal } from '../connector.ts';
import type { Connector, Connectors } from '../connectors.ts';
import { expectHomeRealm } from '../home-realm.ts';
import { keepRefreshToken } from '../sessions/upstream-tokens.ts';
import { type LinkDeps, linkIdentity, unlinkIdentity } from './link-identity.ts';
import { dropPending, findPending } from './pending-identity.ts';
import { displayNameOf } from './sync-account.ts';

export interface IdentityPagesDeps extends SelfCareDeps, LinkDeps, AttemptDeps {
  db: SelfCareDeps['db'];
  outbox: SelfCareDeps['outbox'];
  connectors: Connectors;
}

const PATH = '/account/identities';
const linkForm = z.object({ connector: z.string(), current: z.string().max(4096).default('') });
const unlinkForm = z.object({ identity: z.string(), current: z.string().max(4096).default('') });
const emptyForm = z.object({});

type Page = Partial<Pick<AccountViews['account/identities'], 'alert' | 'error'>>;

/** The routes. */
export function createIdentityPages(deps: IdentityPagesDeps): Router {
  const router = new Router();
  router.get(
    PATH,
    whenSignedIn(deps, async (ctx, person) => {
      const alert = await sentenceOfRefusal(ctx, deps.connectors);
      await show(ctx, deps, person, alert ? { alert } : {});
    }),
  );
  router.post(
    `${PATH}/link`,
    whenSignedIn(deps, async (ctx, person) => {
      const { connector: id, current } = await readOwnForm(ctx, deps, person, linkForm);
      if (!(await isProven(ctx, deps, person, current))) return;
      await leave(ctx, deps, person, id);
    }),
  );
  router.get(
    `${PATH}/confirm`,
    whenSignedIn(deps, (ctx, person) => showConfirm(ctx, deps, person)),
  );
  router.post(
    `${PATH}/confirm`,
    whenSignedIn(deps, async (ctx, person) => {
      await readOwnForm(ctx, deps, person, emptyForm);
      await confirm(ctx, deps, person);
    }),
  );
  router.post(
    `${PATH}/unlink`,
    whenSignedIn(deps, async (ctx, person) => {
      const { identity, current } = await readOwnForm(ctx, deps, person, unlinkForm);
      if (!(await isProven(ctx, deps, person, current))) return;
      await unlink(ctx, deps, person, identity);
    }),
  );
  return router;
}

async function show(
  ctx: Context,
  deps: IdentityPagesDeps,
  person: SignedIn,
  page: Page,
): Promise<void> {
  const identities = await listIdentities(deps.db, person.account.id);
  const connectors = await deps.connectors.all();
  const hasPassword = deps.passwordsInUse && person.account.password_hash !== null;
  showPage(ctx, deps, person, 'account/identities', {
    ...page,
    hasPassword,
    asksPassword: !person.isFresh && hasPassword,
    identities: identities.map((one) => ({
      id: one.id,
      connector: one.connector_name,
      icon: connectors.find(({ id }) => id === one.connector_id)?.kindName ?? '',
      name: one.email ?? one.display_name ?? '',
      lastUsed: one.last_sign_in_at ? momentOf(ctx, one.last_sign_in_at) : undefined,
      isUsable: one.enabled,
    })),
    connectors: connectors
      .filter(({ enabled }) => enabled)
      .map(({ id, name, kindName }) => ({ id, name, icon: kindName })),
  });
}

// A session that somebody left open is not enough.
async function isProven(
  ctx: Context,
  deps: IdentityPagesDeps,
  person: SignedIn,
  password: string,
): Promise<boolean> {
  // Where nobody uses passwords, one that is left over is no proof, and nobody remembers it.
  const account = { ...person.account, ...(deps.passwordsInUse ? {} : { password_hash: null }) };
  const proof = { password, freshIsEnough: true };
  const doubt = await proofProblem(ctx, deps, { ...person, account }, proof);
  if (doubt && doubt !== 'asked') await show(ctx, deps, person, { error: doubt });
  return doubt === undefined;
}

async function leave(
  ctx: Context,
  deps: IdentityPagesDeps,
  person: SignedIn,
  connectorId: string,
): Promise<void> {
  const { account, session } = person;
  const connector = (await deps.connectors.all()).find(({ id }) => id === connectorId);
  if (!connector) throw new AppError(404, 'not_found', 'This connector is not available.');
  try {
    if (!connector.enabled) throw new Refusal('unavailable', 'the connector is disabled');
    await expectHomeRealm(deps.connectors, connector, account.email);
    const href = await beginAttempt(ctx, deps, connector, {
      purpose: { kind: 'link', accountId: account.id, sessionUid: session.uid },
      hints: { prompt: 'select_account' },
    });
    deps.render(ctx, 'leave', { connector: connector.name, href: href.href });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    await refuse(ctx, deps, person, connector, error);
  }
}

async function showConfirm(ctx: Context, deps: IdentityPagesDeps, person: SignedIn): Promise<void> {
  const found = await findLink(deps, person);
  if (!found) return toList(ctx);
  const { connector, pending } = found;
  showPage(ctx, deps, person, 'account/link-identity', {
    connector: connector.name,
    identity: pending.identity.email ?? displayNameOf(pending.identity) ?? connector.name,
  });
}

async function confirm(ctx: Context, deps: IdentityPagesDeps, person: SignedIn): Promise<void> {
  const found = await findLink(deps, person);
  if (!found) return toList(ctx);
  const { connector, pending } = found;
  await dropPending(deps, `session:${person.session.uid}`);
  try {
    const { account } = person;
    const { identity, refreshToken } = pending;
    const row = await linkIdentity(deps, connector, { account, identity, proof: 'session' });
    await keepRefreshToken(deps, row.id, refreshToken);
    goOn(ctx, PATH, 'linked');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    await refuse(ctx, deps, person, connector, error);
  }
}

async function unlink(
  ctx: Context,
  deps: IdentityPagesDeps,
  person: SignedIn,
  identityId: string,
): Promise<void> {
  try {
    const { account, session } = person;
    await unlinkIdentity(deps, account, { identityId, sessionUid: session.uid });
    goOn(ctx, PATH, 'unlinked');
  } catch (error) {
    if (!(error instanceof AppError && error.key)) throw error;
    ctx.status = error.status;
    await show(ctx, deps, person, { alert: translate(ctx)(error.key) });
  }
}

async function findLink(deps: IdentityPagesDeps, { session }: SignedIn) {
  const pending = await findPending(deps, `session:${session.uid}`);
  const connector = pending && (await deps.connectors.findEnabled(pending.connectorId));
  return connector && { connector, pending };
}

async function refuse(
  ctx: Context,
  deps: IdentityPagesDeps,
  person: SignedIn,
  connector: Connector,
  refusal: Refusal,
): Promise<void> {
  recordRefusal(ctx, refusal, { connectorId: connector.id, accountId: person.account.id });
  ctx.status = 400;
  const alert = translate(ctx)(`federation.${refusal.reason}`, { connector: connector.name });
  await show(ctx, deps, person, { alert });
}

function toList(ctx: Context): void {
  ctx.status = 303;
  ctx.redirect(PATH);
}
