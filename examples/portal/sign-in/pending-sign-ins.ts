// Sign-ins that were sent to the authorization server and have not come back yet.
import type { Context } from 'koa';
import { randomNonce, randomPKCECodeVerifier, randomState } from 'openid-client';
import { setCookie } from '../http/cookies.ts';

const COOKIE = 'contoso_portal_signin';
// Signing up may include a walk to the mailbox.
const LIFETIME_MS = 60 * 60 * 1000;
const MAX_PENDING = 1000;

export type PendingSignIn = {
  state: string;
  nonce: string;
  codeVerifier: string;
  returnPath: string;
  /** The page that starts the same sign-in again. */
  retry: string;
};

export type PendingSignIns = {
  /** Remembers a new sign-in for this browser; several may run side by side, one a tab. */
  begin: (ctx: Context, intent: Pick<PendingSignIn, 'returnPath' | 'retry'>) => PendingSignIn;
  /** Takes the sign-in with this state, once, and only for the browser that began it. */
  redeem: (ctx: Context, state: string) => PendingSignIn | undefined;
};

/** Pending sign-ins of at most an hour; past 1000 the oldest gives way. */
export function createPendingSignIns({ isSecure }: { isSecure: boolean }): PendingSignIns {
  const pending = new Map<string, PendingSignIn & { browser: string; expiresAt: number }>();

  return {
    begin: (ctx, { returnPath, retry }) => {
      const [oldest] = pending.keys();
      if (oldest !== undefined && pending.size >= MAX_PENDING) pending.delete(oldest);
      const browser = ctx.cookies.get(COOKIE) ?? randomState();
      const signIn: PendingSignIn = {
        state: randomState(),
        nonce: randomNonce(),
        codeVerifier: randomPKCECodeVerifier(),
        returnPath,
        retry,
      };
      pending.set(signIn.state, { ...signIn, browser, expiresAt: Date.now() + LIFETIME_MS });
      // The cookie is written anew each time so that it lives as long as the newest sign-in.
      setCookie(ctx, [COOKIE, browser], { isSecure, maxAgeSeconds: LIFETIME_MS / 1000 });
      return signIn;
    },
    redeem: (ctx, state) => {
      const signIn = pending.get(state);
      if (signIn === undefined || signIn.browser !== ctx.cookies.get(COOKIE)) return undefined;
      pending.delete(state);
      return signIn.expiresAt > Date.now() ? signIn : undefined;
    },
  };
}
