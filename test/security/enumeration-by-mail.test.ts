// T-42: sign-up, reset and resend do not tell whether an address has an account. Their time is
// measured by bench/enumeration.ts.

import { insertAccount, setAccountState } from '../../src/storage/accounts.ts';
import { createAgent, type Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { forget, signUp } from '../accounts/_person.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
  for (const state of ['blocked', 'pending', 'deleted'] as const) {
    const email = `${state}@example.com`;
    const { id } = await insertAccount(gatehouse.db, { email, emailVerified: true, roles: [] });
    await setAccountState(gatehouse.db, id, state);
  }
});
test.after.always(() => gatehouse?.stop());

const addresses = () => [
  gatehouse.accounts[0]?.email ?? '',
  ...['blocked@example.com', 'pending@example.com', 'deleted@example.com'],
];

/** Everything of an answer, without what differs between any two requests. */
function shown(page: Page, email: string) {
  const uid = new URL(page.url).pathname.split('/')[2] ?? '';
  const headers = [...page.headers].filter(
    ([name]) => !['date', 'x-correlation-id', 'content-length', 'set-cookie'].includes(name),
  );
  return {
    status: page.status,
    headers: headers.map(([name, value]) => `${name}: ${value}`),
    text: page.text
      .replaceAll(uid, ':uid')
      .replaceAll(email, ':email')
      .replace(/(name="(csrf|sign_up)" value=")[^"]+/g, '$1'),
  };
}

test('T-42 a sign-up looks the same for every address', async (t) => {
  const ask = async (email: string) =>
    shown(await signUp(gatehouse, createAgent(gatehouse.issuer), email), email);
  const unknown = await ask('nobody@example.com');
  for (const email of addresses()) t.deepEqual(await ask(email), unknown, email);
});

test('T-42 the mail that is sent again looks the same for every address', async (t) => {
  const ask = async (email: string) => {
    const agent = createAgent(gatehouse.issuer);
    const page = await signUp(gatehouse, agent, email);
    return shown(await agent.submit(page, 'Send the mail again'), email);
  };
  const unknown = await ask('nobody-again@example.com');
  for (const email of addresses()) t.deepEqual(await ask(email), unknown, email);
});

test('T-42 a forgotten password looks the same for every address', async (t) => {
  const ask = async (email: string) =>
    shown(await forget(gatehouse, createAgent(gatehouse.issuer), email), email);
  const unknown = await ask('nobody-else@example.com');
  for (const email of addresses()) t.deepEqual(await ask(email), unknown, email);
});
