// The proven address of a newcomer has an account: before the identity is linked to it, the person
// proves that the account is theirs, by its password or by another way in that it has.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { signIn } from '../../accounts/sign-in.ts';
import { Refusal } from '../../federation/connector.ts';
import { linkIdentity } from '../../federation/identities/link-identity.ts';
import { nextStep, settle } from '../../federation/identities/new-account.ts';
import { languageOf, translate } from '../../http/i18n.ts';
import { audit } from '../../observability/audit.ts';
import type { AccountRow } from '../../storage/accounts.ts';
import { listIdentities } from '../../storage/identities.ts';
import { currentUnitOfWork } from '../../storage/unit-of-work.ts';
import { formsOf, readInteractionForm } from './interaction.ts';
import { finish, type IdentityStepsDeps, type Newcomer, whenPending } from './newcomer.ts';

const form = z.object({ password: z.string().max(4096).default('') });

/** Adds POST /interaction/:uid/identity/link. */
export function addLinkSteps(router: Router, deps: IdentityStepsDeps): void {
  router.post(
    '/identity/link',
    whenPending(deps, async (ctx, newcomer) => {
      const { password } = await readInteractionForm(ctx, deps, newcomer.interaction, form);
      const account = await accountOf(ctx, deps, newcomer);
      const { provenAccountId } = newcomer.pending;
      const isProven = provenAccountId === account.id;
      const problem = isProven ? undefined : await passwordProblem(ctx, deps, account, password);
      if (problem) return showLink(ctx, deps, newcomer, { account, error: problem });
      // The check of a password ended the transaction: everything is looked at anew.
      const now = await accountOf(ctx, deps, newcomer);
      if (now.id !== account.id) throw new Refusal('wrong_account', 'the address changed hands');
      const { connector, pending } = newcomer;
      const row = await linkIdentity(deps, connector, {
        account: now,
        identity: pending.identity,
        proof: isProven ? 'identity' : 'password',
      });
      await finish(ctx, deps, newcomer, { account: now, row });
    }),
  );
}

/** Shows both sides, and how the account can be proven; once it is, only the question remains. */
export async function showLink(
  ctx: Context,
  deps: IdentityStepsDeps,
  { interaction, connector, pending }: Newcomer,
  { account, error }: { account: AccountRow; error?: string },
): Promise<void> {
  const { identity, provenAccountId } = pending;
  if (provenAccountId && provenAccountId !== account.id)
    throw new Refusal('wrong_account', 'the account that was proven is another one');
  const identities = await listIdentities(deps.db, account.id);
  const others = identities.filter(({ enabled }) => enabled);
  const names = new Map(others.map((one) => [one.connector_id, one.connector_name]));
  const isProven = provenAccountId === account.id;
  deps.render(ctx, 'identity/link', {
    ...(await formsOf(ctx, deps, interaction, 'identity/link')),
    connector: connector.name,
    identity: identity.email ?? identity.displayName ?? connector.name,
    account: {
      name: [account.given_name, account.family_name].filter(Boolean).join(' '),
      email: account.email,
    },
    isProven,
    askPassword: !isProven && deps.passwordsInUse && account.password_hash !== null,
    others: isProven
      ? []
      : [...names].map(([id, name]) => ({
          ...{ name, icon: '' },
          href: `/interaction/${interaction.uid}/identity/proof/${id}`,
        })),
    ...(error ? { error } : {}),
  });
}

// The account of the proven address, as long as it is to be linked.
async function accountOf(
  ctx: Context,
  deps: IdentityStepsDeps,
  { connector, pending }: Newcomer,
): Promise<AccountRow> {
  const next = nextStep(connector, pending);
  if (next.step !== 'settle') throw new Refusal('wrong_account', 'the address is not proven');
  const { identity } = pending;
  const { profile } = next;
  const language = languageOf(ctx);
  const settled = await settle(deps, connector, { identity, profile, language });
  return settled.account;
}

async function passwordProblem(
  ctx: Context,
  deps: IdentityStepsDeps,
  account: AccountRow,
  password: string,
): Promise<string | undefined> {
  const t = translate(ctx);
  ctx.status = 400;
  if (!deps.passwordsInUse) return t('sign-in.passwords-off');
  if (!password) return t('sign-in.password-missing');
  // Hashing takes time and may queue: it must not hold a connection.
  await currentUnitOfWork()?.commit();
  const { email } = account;
  const device = deps.devices.find(ctx, email);
  const attempt = { email, network: ctx.state['network'], device, human: false, password };
  const outcome = await signIn(deps.signIn, attempt);
  if (outcome.kind === 'signed-in') {
    ctx.status = 200;
    return undefined;
  }
  audit(ctx, { type: 'account.proof-failed', accountId: account.id });
  if (outcome.kind !== 'throttled') return t('account.password-wrong');
  ctx.status = 429;
  ctx.set('Retry-After', String(outcome.retryAfterSeconds));
  return t('sign-in.throttled', { seconds: outcome.retryAfterSeconds });
}
