// The pages of an authorization request: sign in, choose an account, consent. Every step stores its
// result and hands back to the authorization endpoint, which decides what comes next.
import Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { type Account, findUsableAccount } from '../accounts/account.ts';
import { isOpen } from '../accounts/sign-up/modes.ts';
import type { Catalog } from '../catalog/apis.ts';
import { AppError } from '../errors.ts';
import { languageOf, translate } from '../http/i18n.ts';
import { audit } from '../observability/audit.ts';
import type { Database } from '../storage/database.ts';
import { acceptTerms, type Terms } from '../storage/terms.ts';
import { describeConsent, findShownApplication } from './consent-page.ts';
import { grantConsent } from './grants.ts';
import { addFederationSteps } from './interactions/federation-steps.ts';
import { addIdentitySteps } from './interactions/identity-steps.ts';
import {
  expectPrompt,
  formsOf,
  handBack,
  type Interaction,
  readInteractionForm,
  withInteraction,
} from './interactions/interaction.ts';
import type { IdentityStepsDeps } from './interactions/newcomer.ts';
import { addRecoverySteps, type RecoveryStepsDeps } from './interactions/recovery-steps.ts';
import { showSignIn } from './interactions/sign-in-page.ts';
import { addSignInStep, type SignInStepDeps } from './interactions/sign-in-step.ts';
import { addSignUpSteps, type SignUpStepsDeps, showSignUp } from './interactions/sign-up-steps.ts';
import { goStraight, passwordsOffered } from './interactions/ways-in.ts';

export interface InteractionDeps extends SignInStepDeps {
  db: Database;
  signUp: SignUpStepsDeps;
  recovery: RecoveryStepsDeps;
  identity: IdentityStepsDeps;
  terms: () => Promise<Terms | undefined>;
  catalog: Catalog;
}

const accountForm = z.object({ choice: z.enum(['continue', 'another']) });
const consentForm = z.object({ choice: z.enum(['allow', 'another']) });
const termsForm = z.object({ version: z.string() });
const emptyForm = z.object({});

/** The routes under /interaction/:uid. */
export function createInteractionRoutes(deps: InteractionDeps): Router {
  const router = new Router({ prefix: '/interaction/:uid' });

  router.get(
    '/',
    withInteraction(deps, async (ctx, interaction) => {
      ctx.status = 200;
      await showPage(ctx, deps, interaction);
    }),
  );

  addSignInStep(router, deps);

  router.post(
    '/account',
    withInteraction(deps, async (ctx, interaction) => {
      const { choice } = await readInteractionForm(ctx, deps, interaction, accountForm);
      if (choice === 'another') return askForAnotherAccount(ctx, interaction);
      expectPrompt(interaction, 'select_account');
      await handBack(ctx, deps, { select_account: {} });
    }),
  );

  router.post(
    '/consent',
    withInteraction(deps, async (ctx, interaction) => {
      const { choice } = await readInteractionForm(ctx, deps, interaction, consentForm);
      if (choice === 'another') return askForAnotherAccount(ctx, interaction);
      expectPrompt(interaction, 'consent');
      const accountId = interaction.session?.accountId ?? '';
      // Blocked since the page was shown: there is nobody to consent, so the page asks to sign in.
      if (!(await findUsableAccount(deps.db, accountId))) return showPage(ctx, deps, interaction);
      const { client_id: clientId, ...params } = interaction.params;
      const sessionUid = interaction.session?.uid;
      const consent = { accountId, clientId: String(clientId), sessionUid, params };
      const grantId = await grantConsent({ db: deps.db, provider: deps.provider() }, consent);
      audit(ctx, { type: 'consent.given', accountId, clientId: String(clientId) });
      await handBack(ctx, deps, { consent: { grantId } });
    }),
  );

  router.post(
    '/terms',
    withInteraction(deps, async (ctx, interaction) => {
      const { version } = await readInteractionForm(ctx, deps, interaction, termsForm);
      expectPrompt(interaction, 'terms');
      const accountId = interaction.session?.accountId ?? '';
      const terms = await deps.terms();
      // Others were published while the page was open: those are shown now.
      if (version !== terms?.version) return showPage(ctx, deps, interaction);
      await acceptTerms(deps.db, accountId, version);
      audit(ctx, { type: 'terms.accepted', accountId, detail: { version } });
      await handBack(ctx, deps, { terms: {} });
    }),
  );

  addSignUpSteps(router, deps.signUp);
  addRecoverySteps(router, deps.recovery);
  addFederationSteps(router, deps.federation);
  addIdentitySteps(router, deps.identity);

  router.post(
    '/cancel',
    withInteraction(deps, async (ctx, interaction) => {
      await readInteractionForm(ctx, deps, interaction, emptyForm);
      await handBack(ctx, deps, {
        error: 'access_denied',
        error_description: 'The sign-in was cancelled.',
      });
    }),
  );

  return router;
}

async function showPage(ctx: Context, deps: InteractionDeps, interaction: Interaction) {
  const another = ctx.query['account'] === 'another';
  const account =
    interaction.session?.accountId && !another
      ? await findUsableAccount(deps.db, interaction.session.accountId)
      : undefined;
  if (account && (await showQuestion(ctx, deps, interaction, account))) return;
  if (await goStraight(ctx, deps, interaction)) return;
  const email = another ? '' : (hintedAddress(interaction) ?? account?.email ?? '');
  const create = interaction.prompt.name === 'create' && ctx.query['step'] !== 'sign-in';
  if (create && isOpen(deps.signUp.config) && (await passwordsOffered(deps, interaction)))
    return showSignUp(ctx, deps.signUp, interaction, { values: { email } });
  await showSignIn(ctx, deps, interaction, { email });
}

function hintedAddress({ params }: Interaction): string | undefined {
  const hint = params['login_hint'];
  return typeof hint === 'string' ? hint.slice(0, 320) : undefined;
}

// What is asked of whoever is signed in already; false when nothing is.
async function showQuestion(
  ctx: Context,
  deps: InteractionDeps,
  interaction: Interaction,
  account: Account,
): Promise<boolean> {
  const { name } = interaction.prompt;
  if (name === 'consent') await showConsent(ctx, deps, interaction, account);
  else if (name === 'select_account') {
    const forms = await formsOf(ctx, deps, interaction, 'account');
    const shown = { name: account.displayName, email: account.email };
    deps.render(ctx, 'select-account', { ...forms, account: shown });
  } else if (name === 'terms') {
    const terms = await deps.terms();
    if (!terms) return false;
    deps.render(ctx, 'terms', { ...(await formsOf(ctx, deps, interaction, 'terms')), terms });
  } else return false;
  return true;
}

async function showConsent(
  ctx: Context,
  deps: InteractionDeps,
  interaction: Interaction,
  account: { displayName: string; email: string },
) {
  const client = await deps.clients.find(String(interaction.params['client_id']));
  if (!client) throw new AppError(400, 'invalid_client', 'The application is no longer available.');
  deps.render(ctx, 'consent', {
    ...(await formsOf(ctx, deps, interaction, 'consent')),
    ...describeConsent({
      client,
      shown: await findShownApplication(deps.db, client),
      apis: await deps.catalog.all(),
      params: interaction.params,
      t: translate(ctx),
      language: languageOf(ctx),
    }),
    account: { name: account.displayName, email: account.email },
    switchAccount: true,
  });
}

function askForAnotherAccount(ctx: Context, interaction: Interaction) {
  ctx.status = 303;
  ctx.redirect(`/interaction/${interaction.uid}?account=another`);
}
