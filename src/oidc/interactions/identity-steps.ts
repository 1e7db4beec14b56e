// An upstream vouched for somebody: they are signed in, or asked for what is missing first. Every page
// lives at /interaction/:uid/identity; what was answered is kept with the identity.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { expectHomeRealm } from '../../federation/home-realm.ts';
import { expectNewAccounts, nextStep, settle } from '../../federation/identities/new-account.ts';
import { syncAccount } from '../../federation/identities/sync-account.ts';
import { languageOf } from '../../http/i18n.ts';
import { findAccountById } from '../../storage/accounts.ts';
import { findIdentity } from '../../storage/identities.ts';
import { addLinkSteps, showLink } from './identity-link.ts';
import { addProfileSteps, showCode, showProfile } from './identity-profile.ts';
import { finish, type IdentityStepsDeps, type Newcomer, whenPending } from './newcomer.ts';

/** Adds the steps under /interaction/:uid/identity. */
export function addIdentitySteps(router: Router, deps: IdentityStepsDeps): void {
  router.get(
    '/identity',
    whenPending(deps, (ctx, newcomer) => goOn(ctx, deps, newcomer)),
  );
  addProfileSteps(router, deps);
  addLinkSteps(router, deps);
}

async function goOn(ctx: Context, deps: IdentityStepsDeps, newcomer: Newcomer): Promise<void> {
  const { connector, pending } = newcomer;
  const { identity } = pending;
  const key = { connector_id: connector.id, issuer: identity.issuer, subject: identity.subject };
  const row = await findIdentity(deps.db, key);
  const account = row && (await findAccountById(deps.db, row.account_id));
  if (row && account) {
    await expectHomeRealm(deps.connectors, connector, account.email);
    await syncAccount(deps.db, connector, { account, row, identity });
    return finish(ctx, deps, newcomer, { account, row });
  }
  const next = nextStep(connector, pending);
  // Whoever would get no account in the end is not asked for anything.
  if (next.step !== 'settle') expectNewAccounts(deps, connector);
  if (next.step === 'profile') return showProfile(ctx, deps, newcomer, { values: next.values });
  if (next.step === 'code') return showCode(ctx, deps, newcomer, {});
  const language = languageOf(ctx);
  await expectHomeRealm(deps.connectors, connector, next.profile.email);
  const settled = await settle(deps, connector, { identity, profile: next.profile, language });
  if (settled.kind === 'account') return finish(ctx, deps, newcomer, settled);
  await showLink(ctx, deps, newcomer, { account: settled.account });
}
