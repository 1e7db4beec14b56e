// The library keeps a hundred clients. Ours is a cache of its own, and holds those that are in use.
import pg from 'pg';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { requestToken, type TestClient } from '../_protocol.ts';
import { addMachine, MACHINE } from './_changes.ts';

const MANY = 300;

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

test(`${MANY} clients in turn ask the database once each`, async (t) => {
  const clients: TestClient[] = [];
  for (let index = 0; index < MANY; index += 1) clients.push(await addMachine(gatehouse));
  const statements: string[] = [];
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function noted(this: pg.Client, ...asked: unknown[]) {
    const sql = typeof asked[0] === 'string' ? asked[0] : (asked[0] as { text: string }).text;
    if (/clients|entitlements|secrets/.test(sql)) statements.push(sql);
    return Reflect.apply(query, this, asked);
  };
  t.teardown(() => {
    pg.Client.prototype.query = query;
  });
  const askAll = async () => {
    statements.length = 0;
    for (const client of clients)
      t.is((await requestToken(gatehouse, client, MACHINE)).status, 200);
    return statements.length;
  };
  const first = await askAll();
  t.true(first >= MANY, String(first));
  t.is(await askAll(), 0);
});
