// What all pages of My account have in common: who it is, the form token, the proof that it is them.
import type { Context } from 'koa';
import type { z } from 'zod';
import { type CsrfProtection, readForm } from '../../http/form.ts';
import { isLanguage, type Language, languageOf, translate } from '../../http/i18n.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import type { Render } from '../../http/render.ts';
import { readUpload } from '../../http/upload.ts';
import type { AccountPage, AccountSection, AccountViews } from '../../http/views/account.ts';
import type { Views } from '../../http/views.ts';
import type { Outbox } from '../../mail/outbox.ts';
import { audit } from '../../observability/audit.ts';
import { type AuditEvent, insertAuditEvents } from '../../storage/audit-events.ts';
import { currentUnitOfWork } from '../../storage/unit-of-work.ts';
import type { Passwords } from '../passwords/passwords.ts';
import type { PasswordPolicy } from '../passwords/policy.ts';
import {
  askToSignIn,
  type FrontDoorDeps,
  findSignedIn,
  pageOf,
  type SignedIn,
} from './signed-in.ts';

export interface SelfCareDeps extends FrontDoorDeps {
  render: Render;
  csrf: CsrfProtection;
  passwords: Passwords;
  passwordProblem: PasswordPolicy;
  /** Attempts at the password of an account by whoever holds its session. */
  proofs: RateLimit;
  erasureDays: number;
  signOutHere(ctx: Context): Promise<void>;
  outbox: Outbox;
}

/** Runs `work` for the person who is signed in; anybody else is sent to sign in. */
export function whenSignedIn(
  deps: SelfCareDeps,
  work: (ctx: Context, person: SignedIn) => Promise<void> | void,
) {
  return async (ctx: Context): Promise<void> => {
    const person = await findSignedIn(ctx, deps);
    if (person) await work(ctx, person);
  };
}

/** Renders one of the pages; `path` is where it lives. */
export function showPage<V extends keyof AccountViews>(
  ctx: Context,
  deps: SelfCareDeps,
  person: SignedIn,
  view: V,
  data: Omit<AccountViews[V], keyof AccountPage>,
): void {
  const { account } = person;
  const section = view.slice('account/'.length) as AccountSection; // every view here is a section
  ctx.state['page'] = pageOf(ctx);
  const page: AccountPage = {
    section,
    account: {
      name: [account.given_name, account.family_name].filter(Boolean).join(' '),
      email: account.email,
    },
    csrf: ownFormToken(deps, person),
    notice: noticeOf(ctx),
  };
  // The compiler cannot put the two halves of a generic view together.
  deps.render(ctx, view, { ...page, ...data } as unknown as Views[V]);
}

/** The token that the forms of a signed-in person carry. */
export function ownFormToken({ csrf }: Pick<SelfCareDeps, 'csrf'>, person: SignedIn): string {
  return csrf.token(bindingOf(person));
}

/** Reads a form of My account; a token of another session is refused. */
export function readOwnForm<Schema extends z.ZodType>(
  ctx: Context,
  deps: SelfCareDeps,
  person: SignedIn,
  schema: Schema,
): Promise<z.infer<Schema>> {
  return readForm(ctx, { schema, csrf: deps.csrf, binding: bindingOf(person) });
}

/** Reads such a form with files in it, of `limit` bytes together. */
export function readOwnUpload<Schema extends z.ZodType>(
  ctx: Context,
  deps: Pick<SelfCareDeps, 'csrf'>,
  person: SignedIn,
  form: { schema: Schema; limit: number },
): Promise<{ fields: z.infer<Schema>; files: Map<string, Buffer> }> {
  return readUpload(ctx, { ...form, csrf: deps.csrf, binding: bindingOf(person) });
}

/** Leads to a page that says what was done: the text `account.done-<done>`. */
export function goOn(ctx: Context, path: string, done: Done): void {
  ctx.status = 303;
  ctx.redirect(`${path}?done=${done}`);
}

/** Writes an event of the person's own doing. */
export function recordOwn(
  ctx: Context,
  deps: SelfCareDeps,
  { account }: SignedIn,
  event: Pick<AuditEvent, 'type' | 'clientId' | 'detail'>,
): Promise<void> {
  const { network, correlationId } = ctx.state;
  return insertAuditEvents(deps.db, [{ ...event, accountId: account.id, network, correlationId }]);
}

/** The language of a mail to this person. */
export function mailLanguage(ctx: Context, { account }: SignedIn): Language {
  return isLanguage(account.preferred_language) ? account.preferred_language : languageOf(ctx);
}

/**
 * Checks that it is really them, by the password; who has none, or signed in a moment ago, needs
 * none where `freshIsEnough`. Answers with a sentence for the field when it is not. Undefined: it
 * is them. `asked`: the browser was sent to sign in anew.
 */
export async function proofProblem(
  ctx: Context,
  deps: SelfCareDeps,
  { account, isFresh }: SignedIn,
  proof: { password: string; freshIsEnough: boolean },
): Promise<string | undefined | 'asked'> {
  const t = translate(ctx);
  const hash = account.password_hash;
  if (isFresh && (proof.freshIsEnough || !hash)) return undefined;
  if (!hash) {
    askToSignIn(ctx, deps, { again: true });
    return 'asked';
  }
  if (!proof.password) return refuse(ctx, 400, t('account.password-missing'));
  const seconds = await deps.proofs.take(account.id);
  if (seconds > 0) {
    ctx.set('Retry-After', String(seconds));
    return refuse(ctx, 429, t('account.too-many-attempts', { seconds }));
  }
  // Hashing takes time and may queue: it must not hold a connection.
  await currentUnitOfWork()?.commit();
  const { matches } = await deps.passwords.verify(hash, proof.password);
  if (!matches) {
    audit(ctx, { type: 'account.proof-failed', accountId: account.id });
    return refuse(ctx, 400, t('account.password-wrong'));
  }
  await deps.proofs.forgive(account.id);
  return undefined;
}

function refuse(ctx: Context, status: number, sentence: string): string {
  ctx.status = status;
  return sentence;
}

const DONE = [
  ...([
    'profile',
    'password',
    'email',
    'session',
    'sessions',
    'revoked',
    'language',
    'linked',
    'unlinked',
  ] as const),
] as const;
type Done = (typeof DONE)[number];

function noticeOf(ctx: Context): string | undefined {
  const done = DONE.find((name) => name === ctx.query['done']);
  return done && ctx.method === 'GET' ? translate(ctx)(`account.done-${done}`) : undefined;
}

function bindingOf({ session }: SignedIn): string {
  return `account\n${session.uid}`;
}
