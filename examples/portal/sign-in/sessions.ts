// Who is signed in to the portal: a random cookie names an entry in memory. Lost on restart.
import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import { clearCookie, setCookie } from '../http/cookies.ts';

const COOKIE = 'contoso_portal';
const LIFETIME_MS = 8 * 60 * 60 * 1000;
const MAX_SESSIONS = 1000;

export type Account = {
  sub: string;
  name: string;
  email: string | undefined;
  roles: string[];
  /** Everything that the ID token and userinfo said, for the account page. */
  claims: Record<string, unknown>;
};

export type Session = {
  account: Account;
  /** Handed back as id_token_hint on sign-out. */
  idToken: string;
  /** Proves that a posted form came from a page of this session. */
  csrf: string;
  /** First half of the console's `state`: ties a returned code to this session. */
  consoleKey: string;
  expiresAt: number;
};

export type Sessions = {
  find: (ctx: Context) => Session | undefined;
  start: (ctx: Context, signedIn: Pick<Session, 'account' | 'idToken'>) => void;
  end: (ctx: Context) => void;
};

/** Sessions of at most 8 hours; past 1000 the oldest gives way. */
export function createSessions({ isSecure }: { isSecure: boolean }): Sessions {
  const sessions = new Map<string, Session>();

  const find = (ctx: Context): Session | undefined => {
    const id = ctx.cookies.get(COOKIE) ?? '';
    const session = sessions.get(id);
    if (session === undefined || session.expiresAt > Date.now()) return session;
    sessions.delete(id);
    return undefined;
  };
  const end = (ctx: Context): void => {
    sessions.delete(ctx.cookies.get(COOKIE) ?? '');
    clearCookie(ctx, COOKIE, isSecure);
  };
  const start: Sessions['start'] = (ctx, { account, idToken }) => {
    sessions.delete(ctx.cookies.get(COOKIE) ?? '');
    const [oldest] = sessions.keys();
    if (oldest !== undefined && sessions.size >= MAX_SESSIONS) sessions.delete(oldest);
    const id = createSecret();
    sessions.set(id, {
      account,
      idToken,
      csrf: createSecret(),
      consoleKey: createSecret(),
      expiresAt: Date.now() + LIFETIME_MS,
    });
    setCookie(ctx, [COOKIE, id], { isSecure });
  };
  return { find, start, end };
}

function createSecret(): string {
  return randomBytes(24).toString('base64url');
}
