// Counters in PostgreSQL, shared by all nodes; when it is away, each node counts in memory.
import { createHash } from 'node:crypto';
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';

export interface RateLimit {
  /** Takes one attempt before it is made. Returns 0, or the seconds until another is allowed. */
  take(key: string): Promise<number>;
  /** Gives back an attempt that turned out to be honest. */
  giveBack(key: string): Promise<void>;
  /** Forgets all attempts of a key. */
  forgive(key: string): Promise<void>;
}

export interface RateLimitOptions {
  name: string;
  /** Attempts allowed within `seconds`. */
  attempts: number;
  seconds: number;
  /** Seconds that a key is blocked when the attempts are used up. */
  blockSeconds: number;
}

/** Creates limits on the given store; `enabled: false` (demo and benchmarks) never blocks. */
export function createRateLimits(deps: { storeClient: unknown; enabled: boolean }) {
  return (options: RateLimitOptions): RateLimit => {
    if (!deps.enabled)
      return {
        take: async () => 0,
        giveBack: async () => undefined,
        forgive: async () => undefined,
      };
    const common = {
      keyPrefix: options.name,
      points: options.attempts,
      duration: options.seconds,
      blockDuration: options.blockSeconds,
    };
    const limiter = new RateLimiterPostgres({
      ...common,
      storeClient: deps.storeClient,
      storeType: 'knex',
      tableName: 'rate_limits',
      tableCreated: true,
      clearExpiredByTimeout: false,
      insuranceLimiter: new RateLimiterMemory(common),
    });
    return {
      async take(key) {
        try {
          await limiter.consume(digest(key));
          return 0;
        } catch (rejected) {
          if (rejected instanceof RateLimiterRes)
            return Math.max(1, Math.ceil(rejected.msBeforeNext / 1000));
          throw rejected;
        }
      },
      async giveBack(key) {
        await limiter.reward(digest(key));
      },
      async forgive(key) {
        await limiter.delete(digest(key));
      },
    };
  };
}

// Addresses and networks are personal data: the table holds only their digests.
function digest(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}
