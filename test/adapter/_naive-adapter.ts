// An adapter as it is often written: it looks, waits for its store, and then writes.
import { setImmediate } from 'node:timers/promises';
import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

/** Creates one. It does everything but withstand two callers at once. */
export function createNaiveAdapter(): AdapterFactory {
  const rows = new Map<string, AdapterPayload>();
  const read = async (key: string) => {
    await setImmediate();
    return structuredClone(rows.get(key));
  };
  const write = async (key: string, payload: AdapterPayload) => {
    await setImmediate();
    rows.set(key, structuredClone(payload));
  };
  const findBy = async (name: 'uid' | 'userCode', value: string) => {
    await setImmediate();
    return structuredClone([...rows.values()].findLast((row) => row[name] === value));
  };
  return (model): Adapter => ({
    upsert: (id, payload) => write(`${model} ${id}`, payload),
    find: (id) => read(`${model} ${id}`),
    findByUid: (uid) => findBy('uid', uid),
    findByUserCode: (userCode) => findBy('userCode', userCode),
    async consume(id) {
      const found = await read(`${model} ${id}`);
      if (found) await write(`${model} ${id}`, { ...found, consumed: true });
    },
    async destroy(id) {
      await setImmediate();
      rows.delete(`${model} ${id}`);
    },
    async revokeByGrantId(grantId) {
      await setImmediate();
      for (const [key, row] of rows) if (row.grantId === grantId) rows.delete(key);
    },
  });
}
