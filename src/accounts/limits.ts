// How often what may be tried. Delays grow with failures; none is a lock that somebody else can hold
// against an owner: a known device counts by itself, and whoever answers a CAPTCHA passes what is
// held against the whole account.
import {
  type Attempts,
  type Counter,
  type LimitRule,
  limitOf,
  type RateLimit,
} from '../http/rate-limit.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Passwords tried on one address from one network; on one address from a device that knows it. */
const TRIES = { attempts: 5, firstWait: 5, longestWait: 15 * MINUTE, forgetAfter: HOUR };
const ON_ACCOUNT_HERE: LimitRule = { name: 'sign-in', ...TRIES };
const ON_DEVICE: LimitRule = { name: 'device', ...TRIES };
/** On one address from everywhere: many networks at once. Short, for a stranger can bring it about. */
const ON_ACCOUNT: LimitRule = {
  ...{ name: 'account', attempts: 50, firstWait: 2, longestWait: MINUTE, forgetAfter: HOUR },
};
/** Failures of one network, whatever the address: a company or a school may be behind it. */
const OF_NETWORK: LimitRule = {
  ...{ name: 'network', attempts: 100, firstWait: 5, longestWait: 5 * MINUTE, forgetAfter: 600 },
};

/** Failures after which a sign-in asks for a CAPTCHA. */
const CAPTCHA_AFTER = { here: 3, account: 20, network: 50 };

/** Who tries to sign in. */
export interface SignInAttempt {
  email: string;
  network: string;
  /** The id of a device that has signed in to this account before. */
  device?: string | undefined;
  /** A CAPTCHA was answered with this attempt. */
  human?: boolean | undefined;
}

export interface SignInLimit {
  /** Takes the attempt before the password is checked. Returns 0, or the seconds to wait. */
  take(attempt: SignInAttempt): Promise<number>;
  /** The password was right: its failures here are forgotten, and nobody else's. */
  succeed(attempt: SignInAttempt): Promise<void>;
  /** The password was not checked after all. */
  giveBack(attempt: SignInAttempt): Promise<void>;
  /** Whether the next attempt should answer a CAPTCHA. The same for an address that nobody has. */
  needsCaptcha(attempt: SignInAttempt): Promise<boolean>;
}

export interface Limits {
  signIn: SignInLimit;
  /** By network. */
  signUp: RateLimit;
  /** Asking for a reset, by network. */
  reset: RateLimit;
  /** Asking for the same mail again, by sign-up. */
  resend: RateLimit;
  /** The password beside a confirmation link, by sign-up. */
  confirm: RateLimit;
  /** The password that somebody who is signed in gives once more, by account. */
  proof: RateLimit;
  /** Callbacks of upstreams that fit nothing of this browser's, by network. */
  strayCallback: RateLimit;
  /** Invitations that are opened or accepted, by network. */
  invitation: RateLimit;
  /** Changes by program, by account. */
  developerApi: RateLimit;
  /** Registering and managing clients by program, by network when it fails, else by policy or client. */
  registration: RateLimit;
  /** Invitations to an application, by account: each is a mail to anybody. */
  memberInvitation: RateLimit;
}

/** Creates all limits. */
export function createLimits(attempts: Attempts): Limits {
  const limit = (name: string, free: number, forgetAfter: number) =>
    limitOf(attempts, {
      ...{ name, attempts: free, firstWait: 30, longestWait: 15 * MINUTE, forgetAfter },
    });
  return {
    signIn: createSignInLimit(attempts),
    signUp: limit('sign-up', 20, HOUR),
    reset: limit('reset', 20, HOUR),
    resend: limit('resend', 5, HOUR),
    confirm: limit('confirm', 10, HOUR),
    proof: limit('proof', 5, 5 * MINUTE),
    invitation: limit('invitation', 20, 5 * MINUTE),
    developerApi: limit('developer-api', 200, 10 * MINUTE),
    registration: limit('registration', 100, 10 * MINUTE),
    memberInvitation: limit('member-invitation', 30, 24 * HOUR),
    strayCallback: limit('stray-callback', 300, 5 * MINUTE),
  };
}

function createSignInLimit(attempts: Attempts): SignInLimit {
  return {
    take: async (attempt) => (await attempts.take(countersOf(attempt).all)).retryAfterSeconds,
    async succeed(attempt) {
      const { own, others } = countersOf(attempt);
      await attempts.settle({ forgotten: [own], givenBack: others });
    },
    giveBack: (attempt) => attempts.settle({ givenBack: countersOf(attempt).all }),
    async needsCaptcha(attempt) {
      const { all, thresholds } = countersOf(attempt);
      const { counts } = await attempts.read(all);
      return counts.some((count, at) => count >= (thresholds[at] ?? Number.POSITIVE_INFINITY));
    },
  };
}

function countersOf({ email, network, device, human }: SignInAttempt): {
  own: Counter;
  others: Counter[];
  all: Counter[];
  thresholds: number[];
} {
  const address = email.trim().toLowerCase();
  const { here, account, network: ofNetwork } = CAPTCHA_AFTER;
  if (device !== undefined) {
    const own = { rule: ON_DEVICE, key: `${address}\n${device}` };
    return { own, others: [], all: [own], thresholds: [here] };
  }
  const own = { rule: ON_ACCOUNT_HERE, key: `${address}\n${network}` };
  const others: Counter[] = [
    { rule: ON_ACCOUNT, key: address, ...(human ? { countsOnly: true } : {}) },
    { rule: OF_NETWORK, key: network },
  ];
  return { own, others, all: [own, ...others], thresholds: [here, account, ofNetwork] };
}
