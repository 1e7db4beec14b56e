// A family is revoked while a refresh is half-way through its commit. Held by a trigger of the test,
// because the moment is too short to meet it by chance.
import test from 'ava';
import type { AdapterFactory } from 'oidc-provider';
import { createAdapter } from '../../src/oidc/adapter.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { expectGrant } from '../../src/storage/oidc-payloads.ts';
import { runInUnitOfWork } from '../../src/storage/unit-of-work.ts';
import { createTestDatabase, type TestDatabase } from '../_database.ts';
import { eventually } from '../_protocol.ts';
import { store } from './_adapter-races.ts';
import { LIFETIME, payloadOf, randomId } from './_artefacts.ts';

let database: TestDatabase;
let db: Database;
let factory: AdapterFactory;
test.before(async () => {
  database = await createTestDatabase();
  // Without the time limits of a server: the test holds a lock as long as it takes.
  db = openDatabase({ url: database.url, name: 'family-lock', patient: true });
  factory = createAdapter(db);
  await db.knex.raw(`
    CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_advisory_xact_lock(${GATE}); RETURN NULL; END';
    CREATE TRIGGER hold AFTER INSERT ON oidc_payloads FOR EACH ROW
      WHEN (NEW.payload ->> 'nonce' = 'held') EXECUTE FUNCTION hold();
  `);
});
test.after.always(async () => {
  await db?.close();
  await database?.drop();
});

const GATE = 1;

/** Runs `work` with the gate closed. */
async function withGate(work: () => Promise<void>): Promise<void> {
  const gate = await db.knex.transaction();
  try {
    await gate.raw('SELECT pg_advisory_xact_lock(?)', [GATE]);
    await work();
  } finally {
    await gate.rollback();
  }
}

/** Waits until so many transactions of this database wait for a lock. */
async function expectWaiting(count: number): Promise<void> {
  await eventually(
    async () => {
      const waiting = await db
        .knex('pg_stat_activity')
        .where({ wait_event_type: 'Lock' })
        .whereRaw('datname = current_database()');
      return waiting.length;
    },
    (waiting) => waiting === count,
  );
}

/** Uses up a refresh token and stores its successor, as one request does. */
function rotate(grantId: string, token: string, successor: string): Promise<void> {
  return runInUnitOfWork(db.knex, async (unit) => {
    const tokens = factory('RefreshToken');
    await tokens.find(token);
    await tokens.consume(token);
    const payload = payloadOf('RefreshToken', successor, { grantId, nonce: 'held' });
    await tokens.upsert(successor, payload, LIFETIME);
    await expectGrant(db, grantId);
    await unit.commit();
  });
}

async function createFamily(): Promise<{ grantId: string; token: string }> {
  const grantId = randomId();
  await factory('Grant').upsert(grantId, payloadOf('Grant', grantId), LIFETIME);
  return { grantId, token: await store(factory('RefreshToken'), 'RefreshToken', grantId) };
}

test.serial('a revocation takes what a refresh is about to issue', async (t) => {
  const { grantId, token } = await createFamily();
  const successor = randomId();
  let ended: Promise<unknown> = Promise.resolve();
  await withGate(async () => {
    const refresh = rotate(grantId, token, successor);
    await expectWaiting(1);
    const revocation = factory('RefreshToken').revokeByGrantId(grantId);
    ended = Promise.allSettled([refresh, revocation]);
    await expectWaiting(2);
  });
  const outcomes = await ended;
  t.deepEqual(outcomes, Array(2).fill({ status: 'fulfilled', value: undefined }));
  t.falsy(await factory('RefreshToken').find(successor));
  t.falsy(await factory('Grant').find(grantId));
});
