// What an upstream did not say of a newcomer, or what is not to be believed: name and address. The
// address is proven by a code; whether it has an account is told to nobody before that.
import { randomInt, timingSafeEqual } from 'node:crypto';
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { parseEmailAddress } from '../../accounts/email-address.ts';
import { personName } from '../../accounts/person-name.ts';
import { expectHomeRealm } from '../../federation/home-realm.ts';
import {
  expectNewAccounts,
  nextStep,
  type Profile,
  profileOf,
} from '../../federation/identities/new-account.ts';
import { keepPending } from '../../federation/identities/pending-identity.ts';
import { languageOf, translate } from '../../http/i18n.ts';
import { formsOf, readInteractionForm } from './interaction.ts';
import { type IdentityStepsDeps, type Newcomer, whenPending } from './newcomer.ts';

const CODE_SECONDS = 10 * 60;
const TRIES = 5;

const profileForm = z.object({
  email: z.string().default(''),
  given_name: z.string().default(''),
  family_name: z.string().default(''),
});
const codeForm = z.object({ code: z.string().max(100).default('') });
const emptyForm = z.object({});

/** Adds the steps. */
export function addProfileSteps(router: Router, deps: IdentityStepsDeps): void {
  router.get(
    '/identity/profile',
    whenPending(deps, (ctx, newcomer) => showProfile(ctx, deps, newcomer, {})),
  );
  router.post(
    '/identity/profile',
    whenPending(deps, async (ctx, newcomer) => {
      const fields = await readInteractionForm(ctx, deps, newcomer.interaction, profileForm);
      const values = {
        email:
          newcomer.pending.identity.email && isFixed(newcomer)
            ? newcomer.pending.identity.email
            : fields.email.trim(),
        givenName: fields.given_name.trim(),
        familyName: fields.family_name.trim(),
      };
      const errors = problemsOf(ctx, values);
      if (Object.keys(errors).length > 0) {
        ctx.status = 400;
        return showProfile(ctx, deps, newcomer, { values, errors });
      }
      expectNewAccounts(deps, newcomer.connector, values.email);
      await expectHomeRealm(deps.connectors, newcomer.connector, values.email);
      const seconds = await deps.limit.take(ctx.state['network']);
      if (seconds > 0) return throttle(ctx, deps, newcomer, values, seconds);
      await keepProfile(ctx, deps, newcomer, values);
    }),
  );
  router.post(
    '/identity/code',
    whenPending(deps, async (ctx, newcomer) => {
      const { code } = await readInteractionForm(ctx, deps, newcomer.interaction, codeForm);
      await checkCode(ctx, deps, newcomer, code.replace(/\s/g, ''));
    }),
  );
  router.post(
    '/identity/code/resend',
    whenPending(deps, async (ctx, newcomer) => {
      await readInteractionForm(ctx, deps, newcomer.interaction, emptyForm);
      const { profile } = newcomer.pending;
      if (!profile) return lead(ctx, newcomer);
      await sendCode(ctx, deps, newcomer, profile);
      await showCode(ctx, deps, newcomer, { again: true });
    }),
  );
}

/** Shows the form, with what is known. */
export async function showProfile(
  ctx: Context,
  deps: IdentityStepsDeps,
  newcomer: Newcomer,
  page: { values?: Profile; errors?: Partial<Profile> },
): Promise<void> {
  const next = nextStep(newcomer.connector, newcomer.pending);
  deps.render(ctx, 'identity/profile', {
    ...(await formsOf(ctx, deps, newcomer.interaction, 'identity/profile')),
    connector: newcomer.connector.name,
    values: page.values ?? (next.step === 'profile' ? next.values : next.profile),
    emailFixed: isFixed(newcomer),
    errors: page.errors ?? {},
  });
}

/** Shows the form for the code that was mailed. */
export async function showCode(
  ctx: Context,
  deps: IdentityStepsDeps,
  { interaction, pending }: Newcomer,
  page: { error?: string; again?: boolean },
): Promise<void> {
  deps.render(ctx, 'identity/code', {
    ...(await formsOf(ctx, deps, interaction, 'identity/code')),
    email: pending.profile?.email ?? '',
    resendAction: `/interaction/${interaction.uid}/identity/code/resend`,
    profileHref: `/interaction/${interaction.uid}/identity/profile`,
    again: page.again ?? false,
    ...(page.error ? { error: page.error } : {}),
  });
}

// An address that is believed is no longer the person's to choose.
function isFixed({ connector, pending: { identity, connectorId } }: Newcomer): boolean {
  const { email } = profileOf(connector, identity);
  const profile = { email, givenName: 'x', familyName: '' };
  return nextStep(connector, { identity, connectorId, profile }).step === 'settle';
}

function problemsOf(ctx: Context, { email, givenName, familyName }: Profile): Partial<Profile> {
  const t = translate(ctx);
  const nameProblem = (text: string) =>
    personName.safeParse(text).success ? undefined : t('sign-up.name-invalid');
  const problems = {
    email: parseEmailAddress(email) ? undefined : t('sign-up.email-invalid'),
    givenName: givenName ? nameProblem(givenName) : t('sign-up.name-missing'),
    familyName: familyName ? nameProblem(familyName) : undefined,
  };
  return Object.fromEntries(Object.entries(problems).filter(([, text]) => text));
}

async function throttle(
  ctx: Context,
  deps: IdentityStepsDeps,
  newcomer: Newcomer,
  values: Profile,
  seconds: number,
): Promise<void> {
  ctx.status = 429;
  ctx.set('Retry-After', String(seconds));
  const errors = { email: translate(ctx)('sign-in.throttled', { seconds }) };
  await showProfile(ctx, deps, newcomer, { values, errors });
}

async function keepProfile(
  ctx: Context,
  deps: IdentityStepsDeps,
  newcomer: Newcomer,
  values: Profile,
): Promise<void> {
  const { connector, interaction, pending } = newcomer;
  const profile = { ...values, email: parseEmailAddress(values.email) ?? values.email };
  const { connectorId, identity, refreshToken } = pending;
  // A new address: what an older one proved counts no more.
  const fresh = { connectorId, identity, refreshToken, profile };
  await keepPending(deps, `interaction:${interaction.uid}`, fresh);
  if (nextStep(connector, fresh).step === 'code')
    await sendCode(ctx, deps, { ...newcomer, pending: fresh }, profile);
  lead(ctx, newcomer);
}

async function sendCode(
  ctx: Context,
  deps: IdentityStepsDeps,
  { interaction, pending }: Newcomer,
  { email }: Profile,
): Promise<void> {
  // What is too much is not sent, and the page says the same.
  if ((await deps.codeLimit.take(email.toLowerCase())) > 0) return;
  const value = String(randomInt(1_000_000)).padStart(6, '0');
  const expiresAt = Date.now() + CODE_SECONDS * 1000;
  await keepPending(deps, `interaction:${interaction.uid}`, {
    ...pending,
    code: { value, triesLeft: TRIES, expiresAt },
  });
  const language = languageOf(ctx);
  await deps.outbox.queue({ kind: 'identity-code', to: email, language, values: { code: value } });
}

async function checkCode(
  ctx: Context,
  deps: IdentityStepsDeps,
  newcomer: Newcomer,
  typed: string,
): Promise<void> {
  const { code: expected, ...pending } = newcomer.pending;
  const owner = `interaction:${newcomer.interaction.uid}` as const;
  const t = translate(ctx);
  if (!pending.profile) return lead(ctx, newcomer);
  if (!expected || expected.expiresAt < Date.now() || expected.triesLeft <= 0) {
    ctx.status = 400;
    return showCode(ctx, deps, newcomer, { error: t('identity.code-expired') });
  }
  if (isSame(typed, expected.value)) {
    await keepPending(deps, owner, { ...pending, emailProven: true });
    return lead(ctx, newcomer);
  }
  const code = { ...expected, triesLeft: expected.triesLeft - 1 };
  await keepPending(deps, owner, { ...pending, code });
  ctx.status = 400;
  await showCode(ctx, deps, newcomer, { error: t('identity.code-wrong') });
}

function isSame(typed: string, value: string): boolean {
  const [a, b] = [Buffer.from(typed), Buffer.from(value)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function lead(ctx: Context, { interaction }: Newcomer): void {
  ctx.status = 303;
  ctx.redirect(`/interaction/${interaction.uid}/identity`);
}
