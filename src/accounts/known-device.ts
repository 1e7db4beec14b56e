// A cookie by which a browser that has signed in to an account is known to have: strangers who try
// that account's password do not make its owner wait there. It is no proof of anything else.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';

export interface KnownDevices {
  /** Remembers that the owner of this address signed in here. */
  remember(ctx: Context, email: string): void;
  /** The id of this browser if that owner has signed in here before. */
  find(ctx: Context, email: string): string | undefined;
}

const YEAR_MS = 365 * 24 * 3600 * 1000;
/** People who share a browser; the one who signed in longest ago is forgotten first. */
const MOST_PEOPLE = 8;
const FORMAT = /^[\w-]{22}(\.[\w-]{22}){1,8}$/;

/**
 * The cookie is `<id>.<mac>.<mac>...`, an HMAC for each address, so that it holds no address and
 * nothing is stored here. `keys`: the first signs, all are accepted.
 */
export function createKnownDevices(deps: { keys: Buffer[]; secure: boolean }): KnownDevices {
  const { keys, secure } = deps;
  const name = `${secure ? '__Host-' : ''}gatehouse_device`;
  const options = { path: '/', httpOnly: true, sameSite: 'lax', secure, signed: false } as const;
  const read = (ctx: Context): string[] => {
    const value = ctx.cookies.get(name, options) ?? '';
    return FORMAT.test(value) ? value.split('.') : [];
  };
  return {
    remember(ctx, email) {
      const [id = randomBytes(16).toString('base64url'), ...known] = read(ctx);
      const [current] = keys;
      if (!current) throw new Error('no hash key is configured');
      const others = known.filter((mac) => !keys.some((key) => isSame(mac, sign(key, id, email))));
      const value = [id, sign(current, id, email), ...others.slice(0, MOST_PEOPLE - 1)].join('.');
      ctx.cookies.set(name, value, { ...options, maxAge: YEAR_MS });
    },
    find(ctx, email) {
      const [id, ...known] = read(ctx);
      if (id === undefined) return undefined;
      const valid = keys.map((key) => sign(key, id, email));
      return known.some((mac) => valid.some((other) => isSame(mac, other))) ? id : undefined;
    },
  };
}

function sign(key: Buffer, id: string, email: string): string {
  const text = `device\n${id}\n${email.trim().toLowerCase()}`;
  return createHmac('sha256', key).update(text).digest().subarray(0, 16).toString('base64url');
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
