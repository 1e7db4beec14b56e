// The provider's session in this browser, for our own pages outside of an authorization request.
import type { Context } from 'koa';
import type { Provider } from 'oidc-provider';
import { SESSION_COOKIE, sessionSeconds } from './configuration.ts';
import { forOwnPage } from './request-in-hand.ts';

/** Who is signed in here, and since when. */
export interface OwnSession {
  accountId: string;
  /** Names the session for good, while its id changes. */
  uid: string;
  /** When the person proved who they are, in seconds. */
  loginTs: number;
}

export interface OwnSessions {
  /** The session of this browser; undefined when nobody is signed in. The account may be blocked. */
  findSession(ctx: Context): Promise<OwnSession | undefined>;
  /**
   * Signs the account in here, in a session of its own: what the browser held before ends with the
   * commit. `amr` says how the person proved who they are (RFC 8176).
   */
  signInHere(ctx: Context, accountId: string, amr: string[]): Promise<OwnSession>;
  /** Ends the session of this browser. */
  signOutHere(ctx: Context): Promise<void>;
}

type ProviderContext = Parameters<Provider['Session']['get']>[0];

/** `issuer` decides whether the cookie is for https only. */
export function createOwnSessions(deps: { issuer: string; provider: () => Provider }): OwnSessions {
  const options = { ...SESSION_COOKIE, secure: deps.issuer.startsWith('https:') };
  // The types ask for the provider's own context; the library takes any that has cookies.
  const current = (ctx: Context) => deps.provider().Session.get(ctx as ProviderContext);
  const cookieName = () => deps.provider().cookieName('session');

  return {
    async findSession(ctx) {
      const { accountId, uid, loginTs } = await current(ctx);
      return accountId ? { accountId, uid, loginTs: loginTs ?? 0 } : undefined;
    },
    signInHere: (ctx, accountId, amr) =>
      forOwnPage(ctx, async () => {
        await (await current(ctx)).destroy();
        // A new one altogether: whoever planted the old id holds nothing (session fixation).
        const Session = deps.provider().Session;
        const session = new Session();
        session.loginAccount({ accountId, amr });
        const seconds = sessionSeconds(session);
        await session.save(seconds);
        const expires = new Date(Date.now() + seconds * 1000);
        ctx.cookies.set(cookieName(), session.jti, { ...options, expires });
        return { accountId, uid: session.uid, loginTs: session.loginTs ?? 0 };
      }),
    async signOutHere(ctx) {
      await (await current(ctx)).destroy();
      ctx.cookies.set(cookieName(), null, options);
    },
  };
}
