// The library's in-memory adapter without its limit: it forgets all but 1,000 entries, and one round
// of codes leaves more. Expiry is left to the library, which checks `exp` itself.
import type { Adapter, AdapterPayload } from 'oidc-provider';

const GRANTABLE = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken']);

const payloads = new Map<string, AdapterPayload>();
const idByUid = new Map<string, string>();
const keysByGrant = new Map<string, Set<string>>();

/** The adapter of one model; all share one store. */
export function memoryAdapter(model: string): Adapter {
  const keyOf = (id: string) => `${model}:${id}`;
  const find = async (id: string) => payloads.get(keyOf(id));
  return {
    find,
    findByUid: async (uid) => find(idByUid.get(uid) ?? ''),
    // No device flow here.
    findByUserCode: async () => undefined,
    async upsert(id, payload) {
      payloads.set(keyOf(id), payload);
      if (model === 'Session' && payload.uid) idByUid.set(payload.uid, id);
      const { grantId } = payload;
      if (!grantId || !GRANTABLE.has(model)) return;
      keysByGrant.set(grantId, (keysByGrant.get(grantId) ?? new Set()).add(keyOf(id)));
    },
    async consume(id) {
      const payload = payloads.get(keyOf(id));
      if (payload) payload.consumed = Math.floor(Date.now() / 1000);
    },
    async destroy(id) {
      payloads.delete(keyOf(id));
    },
    async revokeByGrantId(grantId) {
      for (const key of keysByGrant.get(grantId) ?? []) payloads.delete(key);
      keysByGrant.delete(grantId);
    },
  };
}
