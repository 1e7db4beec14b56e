// One browser, several windows: two portals at once, two sign-ins at once, a sign-out in between.
import { digest } from '../../src/storage/oidc-payloads.ts';
import { type Agent, createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import {
  addClient,
  authorize,
  authorizeUrl,
  callback,
  eventually,
  hasButton,
  proceed,
  redeem,
  send,
  type TestClient,
} from '../_protocol.ts';

let gatehouse: Gatehouse;
let clients: TestClient[];
test.before(async () => {
  gatehouse = await startGatehouse();
  clients = await Promise.all(
    ['one', 'two', 'three', 'four'].map((name) =>
      addClient(gatehouse, {
        kind: 'spa',
        name,
        redirectUris: [{ uri: `https://${name}.example.com/callback`, type: 'spa' }],
      }),
    ),
  );
});
test.after.always(() => gatehouse?.stop());

const SECRETLY = { prompt: 'none' };

/** Redeems a code and looks the person up: the session behind both must be alive. */
async function userinfoOf(client: TestClient | undefined, code: string | null): Promise<number> {
  if (!client || !code) return 0;
  const { body } = await redeem(gatehouse, client, code);
  const headers = { Authorization: `Bearer ${body['access_token']}` };
  return (await send(`${gatehouse.issuer}/userinfo`, { headers })).status;
}

/** The rows of the browser's session: one for each window that wrote it under an id of its own. */
async function sessionRows(agent: Agent): Promise<{ uid: Buffer; authorizations: string[] }[]> {
  const cookies = await agent.jar.getCookies(gatehouse.issuer);
  const value = cookies.find(({ key }) => key.endsWith('gatehouse_session'))?.value ?? '';
  const query = await gatehouse.db.query();
  const own = query('oidc_payloads')
    .where({ model: 'Session', id: digest(value) })
    .select('uid');
  const rows = await query('oidc_payloads').where('model', 'Session').whereIn('uid', own);
  return rows.map(({ uid, payload }) => ({
    uid,
    authorizations: Object.keys(payload.authorizations ?? {}),
  }));
}

/** Opens the sign-in page of each client, then sends all forms at the same moment. */
async function signInEverywhere(agent: Agent, params: Record<string, string> = {}) {
  const pages = await Promise.all(
    clients.map((client) => agent.get(authorizeUrl(gatehouse, client, params))),
  );
  return Promise.all(pages.map((page) => proceed(gatehouse, agent, page)));
}

test('windows of a fresh browser sign in at once, for a client each', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const backs = await signInEverywhere(agent);
  for (const [index, back] of backs.entries())
    t.is(await userinfoOf(clients[index], callback(back).params.get('code')), 200);
  const silent = await authorize(gatehouse, gatehouse.client('web'), SECRETLY, { agent });
  t.truthy(silent.get('code'), String(silent));
});

test('windows of a browser that is signed in sign in again at once', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  await authorize(gatehouse, gatehouse.client('web'), {}, { agent });
  const backs = await signInEverywhere(agent, { prompt: 'login' });
  for (const [index, back] of backs.entries())
    t.is(await userinfoOf(clients[index], callback(back).params.get('code')), 200);
  const rows = await sessionRows(agent);
  t.true(rows.length > 0);
  for (const { authorizations } of rows)
    for (const { client_id } of [gatehouse.client('web'), ...clients])
      t.true(authorizations.includes(client_id));
});

test('clients that authorize at once in one session forget none of each other', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  await authorize(gatehouse, gatehouse.client('web'), {}, { agent });
  const answers = await Promise.all(
    clients.map((client) => authorize(gatehouse, client, SECRETLY, { agent })),
  );
  for (const [index, answer] of answers.entries())
    t.is(await userinfoOf(clients[index], answer.get('code')), 200);
  t.is((await sessionRows(agent))[0]?.authorizations.length, 5);
});

test('a sign-in and a silent authorization at once both succeed', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const [first, second] = clients;
  if (!first || !second) throw new Error('no clients');
  await authorize(gatehouse, gatehouse.client('web'), {}, { agent });
  for (let round = 0; round < 5; round += 1) {
    const page = await agent.get(authorizeUrl(gatehouse, first, { prompt: 'login' }));
    const [signedIn, silent] = await Promise.all([
      proceed(gatehouse, agent, page),
      authorize(gatehouse, second, SECRETLY, { agent }),
    ]);
    t.is(await userinfoOf(first, callback(signedIn).params.get('code')), 200);
    t.is(await userinfoOf(second, silent.get('code')), 200);
  }
});

test('signing out in one window ends what the others had, and what they were about to get', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  await authorize(gatehouse, gatehouse.client('web'), {}, { agent });
  await signInEverywhere(agent, { prompt: 'login' });
  const question = await agent.get(`${gatehouse.issuer}/logout`);
  t.true(hasButton(question, 'Sign out'), question.text);
  const uids = (await sessionRows(agent)).map(({ uid }) => uid);
  t.true(uids.length > 1);
  await Promise.all([
    agent.submit(question, 'Sign out'),
    ...clients.map((client) => agent.get(authorizeUrl(gatehouse, client, SECRETLY))),
  ]);
  const query = await gatehouse.db.query();
  const left = await query('oidc_payloads').where({ model: 'Session' }).whereIn('uid', uids);
  t.deepEqual(left, []);
  const after = await authorize(gatehouse, gatehouse.client('web'), SECRETLY, { agent });
  t.is(after.get('error'), 'login_required');
});

test('an answer that comes late does not bring back the id that a sign-in has ended', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  await authorize(gatehouse, gatehouse.client('web'), {}, { agent });
  const [first, second] = clients;
  if (!first || !second) throw new Error('no clients');
  const page = await agent.get(authorizeUrl(gatehouse, first, { prompt: 'login' }));
  const uid = (await sessionRows(agent))[0]?.uid;
  if (!uid) throw new Error('no session');
  const query = gatehouse.db.knex;
  const waiting = async () => {
    const { rows } = await query.raw(
      "SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
    );
    return rows[0].n;
  };
  const holding = await query.transaction();
  await holding.raw("SELECT pg_advisory_xact_lock(('x' || left(?, 16))::bit(64)::bigint)", [
    uid.toString('hex'),
  ]);
  const signedIn = proceed(gatehouse, agent, page);
  await eventually(waiting, (count) => count === 1);
  const Cookie = await agent.jar.getCookieString(gatehouse.issuer);
  const silent = fetch(authorizeUrl(gatehouse, second, SECRETLY), {
    redirect: 'manual',
    headers: { Cookie },
  });
  await eventually(waiting, (count) => count === 2);
  await holding.commit();
  t.truthy(callback(await signedIn).params.get('code'));
  const { headers } = await silent;
  t.truthy(new URL(headers.get('Location') ?? '').searchParams.get('code'));
  t.deepEqual(
    headers.getSetCookie().filter((text) => text.startsWith('gatehouse_session')),
    [],
  );
});
