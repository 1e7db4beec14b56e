// One session is read by several requests at once; each changes its own client's part of it.
import test from 'ava';
import type { Adapter } from 'oidc-provider';
import { createAdapter } from '../../src/oidc/adapter.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { runInUnitOfWork } from '../../src/storage/unit-of-work.ts';
import { createTestDatabase, type TestDatabase } from '../_database.ts';
import { LIFETIME, payloadOf, randomId } from './_artefacts.ts';

let database: TestDatabase;
let db: Database;
let sessions: Adapter;
test.before(async () => {
  database = await createTestDatabase();
  db = openDatabase({ url: database.url, name: 'session-changes' });
  sessions = createAdapter(db)('Session');
});
test.after.always(async () => {
  await db?.close();
  await database?.drop();
});

type Authorizations = Record<string, { sid?: string; grantId?: string }>;

/** A request: reads the session at once, and returns what changes it and commits. */
async function beginRequest(id: string) {
  let read: () => void = () => undefined;
  let proceed: (change: Authorizations) => void = () => undefined;
  const hasRead = new Promise<void>((resolve) => {
    read = resolve;
  });
  const change = new Promise<Authorizations>((resolve) => {
    proceed = resolve;
  });
  const done = runInUnitOfWork(db.knex, async (unit) => {
    const session = await sessions.find(id);
    if (!session) throw new Error('no session');
    read();
    session.authorizations = { ...session.authorizations, ...(await change) };
    await sessions.upsert(id, session, LIFETIME);
    await unit.commit();
  });
  await hasRead;
  return async (changed: Authorizations) => {
    proceed(changed);
    await done;
  };
}

async function createSession(authorizations: Authorizations): Promise<string> {
  const id = randomId();
  await sessions.upsert(id, payloadOf('Session', id, { authorizations }), LIFETIME);
  return id;
}

test('a request that changed nothing of a client keeps what another changed', async (t) => {
  const id = await createSession({
    c_1: { sid: '1', grantId: 'old' },
    c_2: { sid: '2', grantId: 'old' },
  });
  const first = await beginRequest(id);
  const second = await beginRequest(id);
  await first({ c_1: { sid: '1', grantId: 'new' } });
  await second({ c_2: { sid: '2', grantId: 'new' } });
  t.deepEqual((await sessions.find(id))?.authorizations, {
    c_1: { sid: '1', grantId: 'new' },
    c_2: { sid: '2', grantId: 'new' },
  });
});
