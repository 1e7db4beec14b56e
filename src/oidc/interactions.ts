// The pages of an authorization request: sign in, choose an account, consent. Every step stores its
// result and hands back to the authorization endpoint, which decides what comes next.
import Router from '@koa/router';
import type { Context } from 'koa';
import type { InteractionResults, Provider } from 'oidc-provider';
import { z } from 'zod';
import { findUsableAccount } from '../accounts/account.ts';
import { type SignInDeps, type SignInOutcome, signIn } from '../accounts/sign-in.ts';
import type { Catalog } from '../catalog/apis.ts';
import { AppError } from '../errors.ts';
import { type CsrfProtection, readForm } from '../http/form.ts';
import { askForLanguage, type Translate, translate } from '../http/i18n.ts';
import type { Render } from '../http/render.ts';
import { allowFormAction } from '../http/security-headers.ts';
import { audit } from '../observability/audit.ts';
import type { Database } from '../storage/database.ts';
import { currentUnitOfWork } from '../storage/unit-of-work.ts';
import type { BrowserBinding } from './browser-binding.ts';
import type { ClientLookup } from './client-lookup.ts';
import { describeConsent } from './consent-page.ts';
import { grantConsent } from './grants.ts';
import { renderEndedSignIn } from './provider-pages.ts';

export interface InteractionDeps {
  provider: () => Provider;
  render: Render;
  csrf: CsrfProtection;
  browser: BrowserBinding;
  db: Database;
  signIn: SignInDeps;
  clients: ClientLookup;
  catalog: Catalog;
}

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

const credentialsForm = z.object({
  email: z.string().max(320).default(''),
  password: z.string().max(4096).default(''),
});
const accountForm = z.object({ choice: z.enum(['continue', 'another']) });
const consentForm = z.object({ choice: z.enum(['allow', 'another']) });
const emptyForm = z.object({});

/** The routes under /interaction/:uid. */
export function createInteractionRoutes(deps: InteractionDeps): Router {
  const router = new Router({ prefix: '/interaction/:uid' });

  router.get('/', async (ctx) => {
    const interaction = await loadInteraction(ctx, deps);
    if (!interaction) return renderEndedSignIn(ctx, deps.render);
    ctx.status = 200;
    await showPage(ctx, deps, interaction);
  });

  router.post('/sign-in', async (ctx) => {
    const interaction = await loadInteraction(ctx, deps);
    if (!interaction) return renderEndedSignIn(ctx, deps.render);
    const form = await readInteractionForm(ctx, deps, interaction, credentialsForm);
    await signInWithPassword(ctx, deps, interaction, form);
  });

  router.post('/account', async (ctx) => {
    const interaction = await loadInteraction(ctx, deps);
    if (!interaction) return renderEndedSignIn(ctx, deps.render);
    const { choice } = await readInteractionForm(ctx, deps, interaction, accountForm);
    if (choice === 'another') return askForAnotherAccount(ctx, interaction);
    expectPrompt(interaction, 'select_account');
    await handBack(ctx, deps, { select_account: {} });
  });

  router.post('/consent', async (ctx) => {
    const interaction = await loadInteraction(ctx, deps);
    if (!interaction) return renderEndedSignIn(ctx, deps.render);
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
  });

  router.post('/cancel', async (ctx) => {
    const interaction = await loadInteraction(ctx, deps);
    if (!interaction) return renderEndedSignIn(ctx, deps.render);
    await readInteractionForm(ctx, deps, interaction, emptyForm);
    await handBack(ctx, deps, {
      error: 'access_denied',
      error_description: 'The sign-in was cancelled.',
    });
  });

  return router;
}

// The interaction must be the one that this browser's cookie names, not another one's link.
async function loadInteraction(
  ctx: Context,
  deps: InteractionDeps,
): Promise<Interaction | undefined> {
  try {
    const interaction = await deps.provider().interactionDetails(ctx.req, ctx.res);
    const own = interaction.uid === ctx['params'].uid && deps.browser.isBound(ctx, interaction.uid);
    if (!own) return undefined;
    askForLanguage(ctx, interaction.params['ui_locales']);
    ctx.state['page'] = `/interaction/${interaction.uid}`;
    return interaction;
  } catch (error) {
    if (error instanceof Error && error.name === 'SessionNotFound') return undefined;
    throw error;
  }
}

function csrfBinding(interaction: Interaction): string {
  return `${interaction.uid}\n${interaction.session?.uid ?? ''}`;
}

function readInteractionForm<Schema extends z.ZodType>(
  ctx: Context,
  deps: InteractionDeps,
  interaction: Interaction,
  schema: Schema,
) {
  return readForm(ctx, { schema, csrf: deps.csrf, binding: csrfBinding(interaction) });
}

async function showPage(ctx: Context, deps: InteractionDeps, interaction: Interaction) {
  const another = ctx.query['account'] === 'another';
  const account =
    interaction.session?.accountId && !another
      ? await findUsableAccount(deps.db, interaction.session.accountId)
      : undefined;
  const { name } = interaction.prompt;
  if (name === 'consent' && account) return showConsent(ctx, deps, interaction, account);
  if (name === 'select_account' && account) {
    const forms = await formsOf(ctx, deps, interaction, 'account');
    return deps.render(ctx, 'select-account', {
      ...forms,
      account: { name: account.displayName, email: account.email },
    });
  }
  const hint = interaction.params['login_hint'];
  await showSignIn(ctx, deps, interaction, {
    email: typeof hint === 'string' && !another ? hint.slice(0, 320) : (account?.email ?? ''),
    ...(name === 'create'
      ? { notice: 'New accounts are made by an administrator. Sign in if you have one.' }
      : {}),
  });
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
      apis: await deps.catalog.all(),
      params: interaction.params,
      t: translate(ctx),
    }),
    account: { name: account.displayName, email: account.email },
    switchAccount: true,
  });
}

async function showSignIn(
  ctx: Context,
  deps: InteractionDeps,
  interaction: Interaction,
  page: {
    email: string;
    alert?: string;
    notice?: string;
    errors?: { email?: string; password?: string };
    passwordFocus?: boolean;
  },
) {
  deps.render(ctx, 'sign-in', { ...(await formsOf(ctx, deps, interaction, 'sign-in')), ...page });
}

async function formsOf(
  ctx: Context,
  deps: InteractionDeps,
  interaction: Interaction,
  step: string,
) {
  const { client_id, redirect_uri } = interaction.params;
  allowFormAction(ctx, [typeof redirect_uri === 'string' ? redirect_uri : undefined]);
  const client = await deps.clients.find(String(client_id));
  return {
    action: `/interaction/${interaction.uid}/${step}`,
    cancelAction: `/interaction/${interaction.uid}/cancel`,
    csrf: deps.csrf.token(csrfBinding(interaction)),
    client: { name: client?.name ?? 'The application' },
  };
}

async function signInWithPassword(
  ctx: Context,
  deps: InteractionDeps,
  interaction: Interaction,
  form: z.infer<typeof credentialsForm>,
) {
  const errors = missingCredentials(form, translate(ctx));
  if (errors) {
    ctx.status = 400;
    return showSignIn(ctx, deps, interaction, { email: form.email, errors });
  }
  // Hashing takes time and may queue: it must not hold a connection.
  await currentUnitOfWork()?.commit();
  const outcome = await signIn(deps.signIn, { ...form, network: ctx.state['network'] });
  const clientId = String(interaction.params['client_id']);
  if (outcome.kind !== 'signed-in') {
    audit(ctx, { type: 'sign-in.failed', clientId, detail: { reason: outcome.kind } });
    const alert = refusal(ctx, outcome);
    return showSignIn(ctx, deps, interaction, { email: form.email, passwordFocus: true, alert });
  }
  const { accountId } = outcome;
  audit(ctx, { type: 'sign-in.succeeded', accountId, clientId, detail: { method: 'password' } });
  const { name } = interaction.prompt;
  return handBack(ctx, deps, {
    login: { accountId, amr: ['pwd'], remember: true },
    ...(name === 'select_account' || name === 'create' ? { [name]: {} } : {}),
  });
}

function missingCredentials({ email, password }: z.infer<typeof credentialsForm>, t: Translate) {
  const errors = {
    ...(/^\s*\S+@\S+\s*$/.test(email) ? {} : { email: t('sign-in.email-missing') }),
    ...(password ? {} : { password: t('sign-in.password-missing') }),
  };
  return Object.keys(errors).length > 0 ? errors : undefined;
}

// The same status and sentence for every account and for none.
function refusal(ctx: Context, outcome: Exclude<SignInOutcome, { kind: 'signed-in' }>): string {
  if (outcome.kind === 'refused') {
    ctx.status = 400;
    return translate(ctx)('sign-in.refused');
  }
  ctx.status = 429;
  ctx.set('Retry-After', String(outcome.retryAfterSeconds));
  return translate(ctx)('sign-in.throttled', { seconds: outcome.retryAfterSeconds });
}

function askForAnotherAccount(ctx: Context, interaction: Interaction) {
  ctx.status = 303;
  ctx.redirect(`/interaction/${interaction.uid}?account=another`);
}

function expectPrompt(interaction: Interaction, name: string): void {
  if (interaction.prompt.name !== name || !interaction.session?.accountId)
    throw new AppError(
      400,
      'invalid_request',
      'This step is not the one that is due. Reload the page.',
      { key: 'error.step-not-due' },
    );
}

async function handBack(ctx: Context, deps: InteractionDeps, result: InteractionResults) {
  const returnTo = await deps.provider().interactionResult(ctx.req, ctx.res, result);
  ctx.status = 303;
  ctx.redirect(returnTo);
}
