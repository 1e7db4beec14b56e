// Who is signed in at My account. Whoever is not goes through the authorization endpoint, like the
// people of any other client, and comes back to the page that was asked for.
import { createHash, randomBytes } from 'node:crypto';
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { type FoundAccount, findAccountById } from '../../storage/accounts.ts';
import type { Database } from '../../storage/database.ts';

/** The provider's session in this browser; see oidc/own-session.ts. */
export interface BrowserSession {
  accountId: string;
  uid: string;
  loginTs: number;
}

export interface FrontDoorDeps {
  issuer: string;
  db: Database;
  /** The built-in client that asks for the sign-in. */
  clientId: string;
  findSession(ctx: Context): Promise<BrowserSession | undefined>;
}

export interface SignedIn {
  account: FoundAccount;
  session: BrowserSession;
  /** The person proved who they are a moment ago. */
  isFresh: boolean;
}

/** A sensitive action wants a sign-in that is at most so old, or the password. */
const FRESH_SECONDS = 300;
const ATTEMPT_MS = 60 * 60 * 1000;
/** Pages for whoever is signed in. */
const OWN_PAGES = /^\/(account|applications|products|approvals|refusals)(\/|\?|$)/;
const attempt = z.object({ state: z.string(), returnTo: z.string() });

/** Who is signed in; undefined: the browser was sent to sign in. */
export async function findSignedIn(
  ctx: Context,
  deps: FrontDoorDeps,
): Promise<SignedIn | undefined> {
  const session = await deps.findSession(ctx);
  const account = session && (await findAccountById(deps.db, session.accountId));
  if (!session || account?.state !== 'active') {
    askToSignIn(ctx, deps);
    return undefined;
  }
  const age = Date.now() / 1000 - session.loginTs;
  return { account, session, isFresh: age <= FRESH_SECONDS };
}

/**
 * Sends the browser to sign in; with `again`, also a person whose sign-in is no longer fresh; with
 * `prompt`, to sign up.
 */
export function askToSignIn(
  ctx: Context,
  deps: FrontDoorDeps,
  { again = false, prompt }: { again?: boolean; prompt?: 'create' } = {},
): void {
  const state = randomBytes(16).toString('base64url');
  const returnTo = ctx.method === 'GET' ? ctx.url : pageOf(ctx);
  const value = Buffer.from(JSON.stringify({ state, returnTo })).toString('base64url');
  ctx.cookies.set(cookieName(deps), value, { ...cookie(deps), maxAge: ATTEMPT_MS });
  // The code is never redeemed: the session is what we are after. So nobody knows the verifier.
  const challenge = createHash('sha256').update(randomBytes(32)).digest('base64url');
  const request = new URLSearchParams({
    client_id: deps.clientId,
    response_type: 'code',
    redirect_uri: `${deps.issuer}/account/callback`,
    scope: 'openid',
    state,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...(prompt ? { prompt } : {}),
    ...(again ? { max_age: String(FRESH_SECONDS) } : {}),
  });
  ctx.status = 303;
  ctx.redirect(`/authorize?${request}`);
}

/** Where the page of a request lives. A form that was sent is not sent again: its section is shown. */
export function pageOf({ method, path }: Context): string {
  return method === 'GET' ? path : path.split('/', 3).join('/');
}

/** Adds the redirect URI of the built-in client. */
export function addCallbackRoute(router: Router, deps: FrontDoorDeps): void {
  router.get('/account/callback', (ctx) => {
    const { error, state } = ctx.query;
    // To ask again would go round in circles.
    if (error !== undefined && error !== 'access_denied')
      throw new AppError(400, 'invalid_request', 'The sign-in for this page did not succeed.', {
        key: 'account.sign-in-failed',
      });
    const begun = readAttempt(ctx, deps);
    ctx.cookies.set(cookieName(deps), null, cookie(deps));
    ctx.status = 303;
    if (error) return ctx.redirect('/');
    ctx.redirect(begun?.state === state ? begun?.returnTo || '/account' : '/account');
  });
}

function readAttempt(ctx: Context, deps: FrontDoorDeps): z.infer<typeof attempt> | undefined {
  const value = ctx.cookies.get(cookieName(deps), cookie(deps));
  if (!value) return undefined;
  // Signed by us, and for pages of ours only.
  const read = attempt.parse(JSON.parse(Buffer.from(value, 'base64url').toString()));
  return OWN_PAGES.test(read.returnTo) ? read : undefined;
}

const isSecure = ({ issuer }: FrontDoorDeps) => issuer.startsWith('https:');

function cookieName(deps: FrontDoorDeps): string {
  return `${isSecure(deps) ? '__Host-' : ''}gatehouse_account`;
}

function cookie(deps: FrontDoorDeps) {
  const secure = isSecure(deps);
  return { signed: true, httpOnly: true, sameSite: 'lax', path: '/', secure } as const;
}
