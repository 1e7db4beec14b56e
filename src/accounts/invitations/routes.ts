// /invitation: the page behind the link of an invitation mail. Opening it changes nothing.
import Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import type { SignUpConfig } from '../../config/sign-up.ts';
import { AppError } from '../../errors.ts';
import { type CsrfProtection, readForm } from '../../http/form.ts';
import { languageOf as pageLanguage, translate } from '../../http/i18n.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import type { Render } from '../../http/render.ts';
import type { Views } from '../../http/views.ts';
import type { Outbox } from '../../mail/outbox.ts';
import { findAccountById } from '../../storage/accounts.ts';
import { findInvitationByToken, type InvitationRow } from '../../storage/invitations.ts';
import { currentUnitOfWork } from '../../storage/unit-of-work.ts';
import type { Passwords } from '../passwords/passwords.ts';
import type { PasswordPolicy } from '../passwords/policy.ts';
import { personName } from '../person-name.ts';
import { passwordsOff, signsInElsewhere } from '../sign-up/modes.ts';
import { acceptInvitation, askForInvitation } from './accept.ts';
import { expectInvitable, languageOf } from './invite.ts';
import { type WelcomeDeps, welcomeInvited } from './welcome.ts';

export interface InvitationDeps extends WelcomeDeps {
  render: Render;
  csrf: CsrfProtection;
  outbox: Outbox;
  passwords: Passwords;
  passwordProblem: PasswordPolicy;
  signUp: SignUpConfig;
  /** The connectors with which the invitation of this address can be accepted. */
  connectorsFor(email: string): Promise<{ id: string; name: string; kindName: string }[]>;
  /** What became of an attempt with a connector, where the address of the page tells of one. */
  refusedSentence(ctx: Context): Promise<string | undefined>;
  /** Whether people of this address sign in elsewhere only. */
  isForcedElsewhere(email: string): Promise<boolean>;
  /** Posts of one network: each costs a hash. */
  attempts: RateLimit;
}

const TOKEN = /^[A-Za-z0-9_-]{43}$/;
const acceptForm = z.object({
  given_name: z.string().max(1000).default(''),
  family_name: z.string().max(1000).default(''),
  password: z.string().max(4096).default(''),
});
type AcceptForm = z.infer<typeof acceptForm>;
type Errors = NonNullable<Views['invitation/accept']['errors']>;

/** The routes. */
export function createInvitationRoutes(deps: InvitationDeps): Router {
  const router = new Router();

  router.get('/invitation', async (ctx) => {
    const found = await findInvited(ctx, deps);
    if (found?.invitation.state === 'open') await showForm(ctx, deps, found, {});
    else showVoid(ctx, deps, found);
  });

  router.post('/invitation', async (ctx) => {
    const found = await findInvited(ctx, deps);
    const form = await readTokenForm(ctx, deps, acceptForm);
    if (found?.invitation.state !== 'open') return showVoid(ctx, deps, found);
    expectInvitable(deps.signUp, found.invitation.email);
    await expectOwnPassword(deps, found.invitation);
    const errors = await problemsOf(ctx, deps, found.invitation, form);
    if (Object.keys(errors).length > 0) {
      ctx.status = 400;
      return showForm(ctx, deps, found, { form, errors });
    }
    await expectPatience(ctx, deps);
    await accept(ctx, deps, found.token, form);
  });

  router.post('/invitation/ask', async (ctx) => {
    await readTokenForm(ctx, deps, z.object({}));
    const found = await findInvited(ctx, deps);
    if (found?.invitation.state !== 'expired') return showVoid(ctx, deps, found);
    const asked = await askForInvitation(deps.db, found.token);
    const inviter = asked && (await findAccountById(deps.db, asked.inviterId));
    if (inviter?.state === 'active')
      await deps.outbox.queue({
        kind: 'invitation-asked',
        to: inviter.email,
        language: languageOf(inviter.preferred_language),
        values: { email: found.invitation.email },
      });
    deps.render(ctx, 'invitation/asked', { inviter: found.invitation.inviter_name });
  });

  return router;
}

interface Invited {
  token: string;
  invitation: InvitationRow;
}

// The token stays in the address of the page, and of what its forms are sent to.
async function findInvited(ctx: Context, { db }: InvitationDeps): Promise<Invited | undefined> {
  const { token } = ctx.query;
  if (typeof token !== 'string' || !TOKEN.test(token)) return undefined;
  ctx.state['page'] = `/invitation?token=${token}`;
  const invitation = await findInvitationByToken(db, token);
  return invitation && { token, invitation };
}

function readTokenForm<Schema extends z.ZodType>(
  ctx: Context,
  { csrf }: InvitationDeps,
  schema: Schema,
) {
  return readForm(ctx, { schema, csrf, binding: bindingOf(String(ctx.query['token'])) });
}

const bindingOf = (token: string) => `invitation\n${token}`;

async function expectOwnPassword(deps: InvitationDeps, { email }: InvitationRow): Promise<void> {
  if (!deps.signUp.passwords) throw passwordsOff();
  if (await deps.isForcedElsewhere(email)) throw signsInElsewhere();
}

async function showForm(
  ctx: Context,
  deps: InvitationDeps,
  { token, invitation }: Invited,
  typed: { form?: AcceptForm; errors?: Errors },
): Promise<void> {
  const connectors = await deps.connectorsFor(invitation.email);
  const passwords = deps.signUp.passwords && !(await deps.isForcedElsewhere(invitation.email));
  if (!passwords && connectors.length === 0) throw passwordsOff();
  const refused = await deps.refusedSentence(ctx);
  deps.render(ctx, 'invitation/accept', {
    action: `/invitation?token=${token}`,
    csrf: deps.csrf.token(bindingOf(token)),
    inviter: invitation.inviter_name,
    message: invitation.message ?? undefined,
    email: invitation.email,
    givenName: typed.form?.given_name ?? '',
    familyName: typed.form?.family_name ?? '',
    passwords,
    connectors: connectors.map(({ id, name, kindName }) => ({
      ...{ name, icon: kindName },
      href: `/invitation/federation/${id}?token=${token}`,
    })),
    ...(refused && !typed.errors ? { alert: refused } : {}),
    ...(typed.errors ? { errors: typed.errors } : {}),
  });
}

// Whoever holds a link learns what became of it; of a made-up one there is nothing to learn.
function showVoid(ctx: Context, deps: InvitationDeps, found: Invited | undefined): void {
  if (found?.invitation.state === 'expired') {
    ctx.status = 410;
    deps.render(ctx, 'invitation/expired', {
      action: `/invitation/ask?token=${found.token}`,
      csrf: deps.csrf.token(bindingOf(found.token)),
      inviter: found.invitation.inviter_name,
    });
    return;
  }
  const state = found?.invitation.state;
  ctx.status = state ? 410 : 404;
  const known = state === 'accepted' || state === 'revoked' ? state : 'unknown';
  const t = translate(ctx);
  deps.render(ctx, 'invitation/void', {
    title: t(`invitation.${known}-title`),
    text: t(`invitation.${known}`),
    signIn: known === 'accepted',
  });
}

async function problemsOf(
  ctx: Context,
  deps: InvitationDeps,
  { email }: InvitationRow,
  form: AcceptForm,
): Promise<Errors> {
  const t = translate(ctx);
  const nameProblem = (text: string) => {
    if (!text.trim()) return t('invitation.name-missing');
    return personName.safeParse(text).success ? undefined : t('account.name-wrong');
  };
  const person = { email, givenName: form.given_name, familyName: form.family_name };
  const password = await deps.passwordProblem(form.password, person);
  const problems = {
    givenName: nameProblem(form.given_name),
    familyName: nameProblem(form.family_name),
    password: password && t(password.key, password.values),
  };
  return Object.fromEntries(Object.entries(problems).filter(([, problem]) => problem));
}

async function expectPatience(ctx: Context, { attempts }: InvitationDeps): Promise<void> {
  const seconds = await attempts.take(ctx.state['network']);
  if (seconds === 0) return;
  throw new AppError(429, 'too_many_requests', `Please wait ${seconds} seconds and try again.`, {
    headers: { 'Retry-After': String(seconds) },
    key: 'account.too-many-attempts',
    values: { seconds },
  });
}

async function accept(
  ctx: Context,
  deps: InvitationDeps,
  token: string,
  form: AcceptForm,
): Promise<void> {
  // Hashing takes time and may queue: it must not hold a connection.
  await currentUnitOfWork()?.commit();
  const passwordHash = await deps.passwords.hash(form.password);
  const { account, invitation } = await acceptInvitation(deps, token, {
    givenName: form.given_name.trim(),
    familyName: form.family_name.trim(),
    language: pageLanguage(ctx),
    passwordHash,
  });
  await welcomeInvited(ctx, deps, { account, invitation, amr: ['pwd'] });
}
