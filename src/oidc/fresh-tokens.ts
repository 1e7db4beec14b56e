// The latest token of each client-credentials request of a client, in the memory of this node: it is
// given again where the API allows that, and tells who fetches a new token for every call.
import type { Api } from '../catalog/apis.ts';
import type { Client } from '../storage/clients.ts';

export interface FreshTokens {
  /** The token of an identical request, if the API lets it be given again and half its life is left. */
  find(
    client: Client,
    api: Api,
    scope: string | undefined,
  ): { value: string; jti: string; secondsLeft: number } | undefined;
  /** Keeps a new token. True when the client fetched many while its first was still fresh. */
  keep(
    client: Client,
    api: Api,
    scope: string | undefined,
    token: { value: string; jti: string; seconds: number },
  ): boolean;
}

interface Kept {
  api: Api;
  value: string;
  jti: string;
  issuedAt: number;
  seconds: number;
  /** The series of tokens while the first of them was in the first half of its life. */
  series: { until: number; tokens: number };
}

/** Several processes of a client fetch one each; nobody needs more in half the life of a token. */
const FETCHED_EARLY = 20;
/** Sets of scopes of one client. */
const MOST_KEPT = 50;

/**
 * Creates the memory. It hangs on the stored client, which is another one as soon as anything about
 * it, its credentials, subscriptions or application changes; the same goes for the API.
 */
export function createFreshTokens(): FreshTokens {
  const clients = new WeakMap<Client, Map<string, Kept>>();
  const keyOf = (api: Api, scope = '') => `${api.id} ${scope.split(' ').toSorted().join(' ')}`;

  return {
    find(client, api, scope) {
      if (api.reuseSeconds === 0) return undefined;
      const kept = clients.get(client)?.get(keyOf(api, scope));
      if (!kept || kept.api !== api) return undefined;
      const age = (Date.now() - kept.issuedAt) / 1000;
      const secondsLeft = Math.floor(kept.seconds - age);
      if (age >= api.reuseSeconds || secondsLeft < kept.seconds / 2) return undefined;
      return { value: kept.value, jti: kept.jti, secondsLeft };
    },
    keep(client, api, scope, token) {
      const tokens = clients.get(client) ?? new Map<string, Kept>();
      clients.set(client, tokens);
      const key = keyOf(api, scope);
      const now = Date.now();
      const former = tokens.get(key)?.series;
      const series =
        former && now < former.until
          ? { ...former, tokens: former.tokens + 1 }
          : { until: now + token.seconds * 500, tokens: 1 };
      if (tokens.size >= MOST_KEPT && !tokens.has(key)) tokens.clear();
      const value = api.reuseSeconds > 0 ? token.value : '';
      tokens.set(key, { ...token, api, value, issuedAt: now, series });
      return series.tokens > FETCHED_EARLY;
    },
  };
}
