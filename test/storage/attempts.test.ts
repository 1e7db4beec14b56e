// Whoever is let through was counted, however many come together.
import test from 'ava';
import { takeAttempts } from '../../src/storage/attempts.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { createInstallation, type Installation } from '../_installation.ts';

const RULE = { free: 5, first: 5, longest: 900, forget_after: 3600, refuses: true };
const ROUNDS = 150;

let installation: Installation;
test.before(async () => {
  installation = await createInstallation();
});
test.after.always(() => installation?.remove());

// A parallel attempt was refused because of one that was made a moment later, and told to wait for 0
// seconds: it went on, and was not counted.
test('of sixty attempts at once five are let through, each of them counted', async (t) => {
  const pools = ['one', 'two', 'three'].map((name) =>
    openDatabase({ url: installation.databaseUrl, name, maxConnections: 15 }),
  );
  t.teardown(() => Promise.all(pools.map((pool) => pool.close())));
  for (let round = 1; round <= ROUNDS; round += 1) {
    const counters = ['sign-in', 'account', 'network'].map((name) => ({
      ...RULE,
      key: `${name}:${round}`,
      free: name === 'sign-in' ? 5 : 100,
    }));
    const takes = pools.flatMap((pool) =>
      Array.from({ length: 20 }, () => takeAttempts(pool, counters)),
    );
    const taken = (await Promise.allSettled(takes)).flatMap((take) =>
      take.status === 'fulfilled' ? [take.value] : [],
    );
    const through = taken.filter((standings) => standings.every(({ wait }) => wait === 0));
    const counts = through.map((standings) => standings.map(({ count }) => count).join());
    t.true(counts.length <= 5, `round ${round}: ${counts.join(' ')}`);
    t.is(new Set(counts).size, counts.length, `round ${round}: ${counts.join(' ')}`);
  }
});

test('a wait that ends while it is told is never told as none', async (t) => {
  const { db } = installation;
  const counters = [{ ...RULE, key: 'ending', free: 1, first: 0.02, longest: 0.02 }];
  for (let round = 1; round <= 300; round += 1) {
    const before = await db.knex('attempts').where({ key: 'ending' }).first();
    const [standing] = await takeAttempts(db, counters);
    const after = await db.knex('attempts').where({ key: 'ending' }).first();
    const counted = after.count - (before?.count ?? 0);
    t.is(standing?.wait === 0, counted === 1, `round ${round}: ${JSON.stringify(standing)}`);
  }
});
