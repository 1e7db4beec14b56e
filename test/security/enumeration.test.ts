// T-42: the sign-in page does not tell whether an account exists, nor in which state.
import test from 'ava';
import { findAccountByEmail, insertAccount, setAccountState } from '../../src/storage/accounts.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorization } from './_flow.ts';

let gatehouse: Gatehouse;
let limited: Gatehouse;
const WRONG = 'a password that is wrong';

test.before(async () => {
  gatehouse = await startGatehouse();
  limited = await startGatehouse({ rateLimits: true });
  for (const { db } of [gatehouse, limited]) {
    for (const state of ['blocked', 'pending', 'deleted'] as const) {
      const known = await findAccountByEmail(db, 'sam@example.com');
      const { id } = await insertAccount(db, {
        email: `${state}@example.com`,
        emailVerified: true,
        roles: [],
        ...(known?.password_hash ? { passwordHash: known.password_hash } : {}),
      });
      await setAccountState(db, id, state);
    }
    await insertAccount(db, { email: 'federated@example.com', emailVerified: true, roles: [] });
  }
});
test.after.always(async () => {
  await gatehouse?.stop();
  await limited?.stop();
});

/** Everything of the answer to one sign-in, without what differs between any two requests. */
async function attempt(
  target: Gatehouse,
  email: string,
  password: string,
): Promise<Record<string, unknown>> {
  const agent = createAgent(target.issuer);
  const page = await agent.get(authorization(target, 'web', { state: 'fixed' }).url);
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const body = new URLSearchParams({ csrf, email, password });
  const answer = await agent.request(`${page.url}/sign-in`, { method: 'POST', body });
  const text = await answer.text();
  const uid = new URL(page.url).pathname.split('/')[2] ?? '';
  const headers = [...answer.headers].filter(
    ([name]) => !['date', 'x-correlation-id', 'content-length'].includes(name),
  );
  return {
    status: answer.status,
    headers: headers.map(([name, value]) => `${name}: ${value}`),
    text: text
      .replaceAll(uid, ':uid')
      .replaceAll(csrf, ':csrf')
      .replaceAll(email, ':email')
      .replace(/wait \d+ seconds/g, 'wait'),
  };
}

const STRANGERS = [
  'nobody@example.com',
  'blocked@example.com',
  'pending@example.com',
  'deleted@example.com',
  'federated@example.com',
];

test('T-42 a wrong password and an address that is unknown, blocked, pending or deleted look the same', async (t) => {
  const known = await attempt(gatehouse, 'sam@example.com', WRONG);
  t.is(known['status'], 400);
  for (const email of STRANGERS) t.deepEqual(await attempt(gatehouse, email, WRONG), known, email);
});

test('T-42 the right password of an account that may not sign in looks like a wrong one', async (t) => {
  const wrong = await attempt(gatehouse, 'sam@example.com', WRONG);
  const password =
    gatehouse.accounts.find(({ email }) => email === 'sam@example.com')?.password ?? '';
  for (const email of STRANGERS)
    t.deepEqual(await attempt(gatehouse, email, password), wrong, email);
});

test('T-42 throttling looks the same for a known and an unknown address', async (t) => {
  const run = async (email: string) => {
    const answers: Record<string, unknown>[] = [];
    for (let n = 0; n < 7; n += 1) answers.push(await attempt(limited, email, WRONG));
    const withoutDelay = (headers: string[]) =>
      headers.map((line) => line.replace(/^(retry-after: )\d+$/, '$1n'));
    return answers.map((answer) => ({
      ...answer,
      headers: withoutDelay(answer['headers'] as string[]),
    }));
  };
  const known = await run('sam@example.com');
  t.deepEqual(
    known.map((answer) => Reflect.get(answer, 'status')),
    [400, 400, 400, 400, 400, 429, 429],
  );
  for (const email of ['nobody@example.com', 'blocked@example.com'])
    t.deepEqual(await run(email), known, email);
});

test('T-42 the right password while throttled is refused like a wrong one', async (t) => {
  const { email = '', password = '' } = limited.accounts[1] ?? {};
  for (let n = 0; n < 5; n += 1) await attempt(limited, email, WRONG);
  const right = await attempt(limited, email, password);
  const wrong = await attempt(limited, email, WRONG);
  t.is(right['status'], 429);
  t.is(right['text'], wrong['text']);
});

test.serial('T-42 an account costs as much as none: both are hashed', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(authorization(gatehouse, 'web').url);
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const time = async (email: string) => {
    const body = new URLSearchParams({ csrf, email, password: WRONG });
    const started = performance.now();
    const answer = await agent.request(`${page.url}/sign-in`, { method: 'POST', body });
    await answer.text();
    return performance.now() - started;
  };
  // In turn, and the fastest of each: that is free of the machine's noise.
  const emails = ['sam', 'nobody', 'federated', 'blocked'].map((name) => `${name}@example.com`);
  const fastest = new Map<string, number>();
  for (let round = 0; round < 8; round += 1) {
    for (const email of emails)
      fastest.set(
        email,
        Math.min(fastest.get(email) ?? Number.POSITIVE_INFINITY, await time(email)),
      );
  }
  const times = [...fastest.values()];
  t.true(Math.max(...times) < 3 * Math.min(...times), JSON.stringify([...fastest]));
});

test('T-42 login_hint, prompt=create and the sign-in page tell nothing about an address', async (t) => {
  const page = async (login_hint: string, prompt?: string) => {
    const agent = createAgent(gatehouse.issuer);
    const shown = await agent.get(
      authorization(gatehouse, 'web', { login_hint, prompt, state: 'x' }).url,
    );
    const uid = new URL(shown.url).pathname.split('/')[2] ?? '';
    const csrf = shown.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
    return shown.text
      .replaceAll(uid, ':uid')
      .replaceAll(csrf, ':csrf')
      .replaceAll(login_hint, ':hint');
  };
  for (const prompt of [undefined, 'create', 'login'])
    t.is(await page('sam@example.com', prompt), await page('nobody@example.com', prompt));
});

test('T-42 client authentication does not tell whether a client exists', async (t) => {
  const ask = async (client_id: string) => {
    const answer = await fetch(`${gatehouse.issuer}/token`, {
      method: 'POST',
      headers: { Authorization: `Basic ${Buffer.from(`${client_id}:wrong`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    const { error, error_description } = (await answer.json()) as Record<string, unknown>;
    return { status: answer.status, error, error_description };
  };
  const known = await ask(gatehouse.client('machine').client_id);
  t.is(known.status, 401);
  t.deepEqual(await ask('c_0123456789abcdef01234567'), known);
});
