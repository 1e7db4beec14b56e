// The contract's races find what is wrong with an adapter that looks first and writes later.
import test from 'ava';
import { raceToConsume, revokeWhileUsed, saveStaleCopy } from './_adapter-races.ts';
import { CONSUMABLE } from './_artefacts.ts';
import { createNaiveAdapter } from './_naive-adapter.ts';

for (const model of CONSUMABLE) {
  test(`a ${model} that is redeemed by everybody is reported`, async (t) => {
    const faults = await raceToConsume(createNaiveAdapter(), model, { rounds: 3, callers: 5 });
    t.deepEqual(faults, Array(3).fill(`5 of 5 redeemed one ${model}`));
  });

  test(`a ${model} that is new again after an old copy was saved is reported`, async (t) => {
    const faults = await saveStaleCopy(createNaiveAdapter(), model);
    t.deepEqual(faults, [`a redeemed ${model} was saved and is new again`]);
  });
}

test('what comes back after its family was revoked is reported', async (t) => {
  const faults = await revokeWhileUsed(createNaiveAdapter(), { rounds: 3, callers: 2 });
  t.true(faults.includes('the refresh token of a revoked family came back'), String(faults));
  t.true(faults.includes('the code of a revoked family came back'), String(faults));
});

test('who loses is told so in the words of the protocol, or that is reported', async (t) => {
  const adapter = createNaiveAdapter();
  const used = new Set<string>();
  const once: typeof adapter = (model) => ({
    ...adapter(model),
    async consume(id) {
      if (used.has(id)) throw new Error('duplicate key');
      used.add(id);
    },
  });
  const faults = await raceToConsume(once, 'RefreshToken', { rounds: 1, callers: 3 });
  t.deepEqual(faults, Array(2).fill('it failed: Error: duplicate key'));
});
