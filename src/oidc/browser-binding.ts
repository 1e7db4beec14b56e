// Binds an interaction to the browser that began it. The library's own cookies have a narrow path,
// so they cannot be __Host- cookies, and a neighbour host could plant those of another person.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';

export interface BrowserBinding {
  /** Marks this browser as the one that began the interaction. */
  bind(ctx: Context, uid: string): void;
  isBound(ctx: Context, uid: string): boolean;
  /** Forgets an interaction that is over. */
  release(ctx: Context, uid: string): void;
}

const MAX_AGE_MS = 60 * 60 * 1000;

/** One cookie an interaction: its value is an HMAC of the interaction's id, so nothing is stored. */
export function createBrowserBinding(deps: { key: Buffer; secure: boolean }): BrowserBinding {
  const { key, secure } = deps;
  const nameOf = (uid: string) =>
    `${secure ? '__Host-' : ''}gatehouse_browser_${uid.replace(/\W/g, '').slice(0, 12)}`;
  const proofOf = (uid: string) =>
    createHmac('sha256', key).update(`browser\n${uid}`).digest('base64url');
  const options = { path: '/', httpOnly: true, sameSite: 'lax', secure, signed: false } as const;
  return {
    bind: (ctx, uid) =>
      void ctx.cookies.set(nameOf(uid), proofOf(uid), { ...options, maxAge: MAX_AGE_MS }),
    isBound(ctx, uid) {
      const presented = Buffer.from(ctx.cookies.get(nameOf(uid), options) ?? '');
      const expected = Buffer.from(proofOf(uid));
      return presented.length === expected.length && timingSafeEqual(presented, expected);
    },
    release: (ctx, uid) => void ctx.cookies.set(nameOf(uid), null, options),
  };
}
