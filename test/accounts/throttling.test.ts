// Failed sign-ins slow down whoever makes them, and nobody can hold the owner out.
import test from 'ava';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { addAccount } from '../_protocol.ts';
import { attempt, guess, passTime } from './_guesses.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse({ rateLimits: true });
});
test.after.always(() => gatehouse?.stop());
test.beforeEach('all tests come from one network, which has done nothing yet', async () => {
  const query = await gatehouse.db.query();
  await query('attempts').whereLike('key', 'network:%').delete();
});

test.serial(
  'the wait doubles with each failure, up to a quarter of an hour, and Retry-After says it',
  async (t) => {
    const { email } = await addAccount(gatehouse);
    const stranger = createAgent(gatehouse.issuer);
    t.deepEqual(await guess(gatehouse, stranger, email, 5), [400, 400, 400, 400, 400]);
    for (const seconds of [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]) {
      const waiting = await attempt(gatehouse, stranger, { email, password: 'too early' });
      t.is(waiting.status, 429);
      const retryAfter = Number(waiting.headers.get('Retry-After'));
      // Of the wait a part has passed already.
      t.true(retryAfter <= seconds && retryAfter > seconds / 2 - 5, `${retryAfter} of ${seconds}`);
      t.true(waiting.text.includes(`${retryAfter} seconds`), 'the page says the same');
      await passTime(gatehouse);
      const allowed = await attempt(gatehouse, stranger, { email, password: 'one more' });
      t.is(allowed.status, 400);
    }
  },
);

test.serial('whoever signs in has a clean slate, and only there', async (t) => {
  const account = await addAccount(gatehouse);
  const agent = createAgent(gatehouse.issuer);
  await guess(gatehouse, agent, account.email, 4);
  const back = await attempt(gatehouse, agent, account);
  t.truthy(back.headers.get('Location'));
  const stranger = createAgent(gatehouse.issuer);
  t.deepEqual(await guess(gatehouse, stranger, account.email, 5), [400, 400, 400, 400, 400]);
  const query = await gatehouse.db.query();
  const counters = await query('attempts').whereLike('key', 'account:%').orderBy('count', 'desc');
  // Four of the owner and five of the stranger: the sign-in took back its own attempt alone.
  t.true(
    counters.some(({ count }) => count === 9),
    JSON.stringify(counters),
  );
});

test.serial(
  'a device that signed in before is let in while a stranger holds the account up',
  async (t) => {
    const account = await addAccount(gatehouse);
    const owner = createAgent(gatehouse.issuer);
    t.truthy((await attempt(gatehouse, owner, account)).headers.get('Location'));
    const stranger = createAgent(gatehouse.issuer);
    t.is((await guess(gatehouse, stranger, account.email, 7)).at(-1), 429);
    t.is((await attempt(gatehouse, stranger, account)).status, 429, 'even with the right password');
    t.truthy((await attempt(gatehouse, owner, account)).headers.get('Location'));
  },
);

test.serial('a known device has its own limit, so a stolen cookie buys five guesses', async (t) => {
  const account = await addAccount(gatehouse);
  const owner = createAgent(gatehouse.issuer);
  await attempt(gatehouse, owner, account);
  t.deepEqual(await guess(gatehouse, owner, account.email, 7), [400, 400, 400, 400, 400, 429, 429]);
  // What happens on the device does not slow down others.
  const elsewhere = createAgent(gatehouse.issuer);
  t.truthy((await attempt(gatehouse, elsewhere, account)).headers.get('Location'));
});

test.serial(
  'a device cookie of another account, a changed or an invented one is none',
  async (t) => {
    const [victim, mallory] = [await addAccount(gatehouse), await addAccount(gatehouse)];
    const agent = createAgent(gatehouse.issuer);
    await attempt(gatehouse, agent, mallory);
    const cookies = await agent.jar.getCookies(gatehouse.issuer);
    const own = cookies.find(({ key }) => key === 'gatehouse_device');
    t.like(own, { httpOnly: true, sameSite: 'lax', path: '/' });
    t.false(String(own?.value).includes('@'), 'no address is in it');
    const [id = '', mac = ''] = own?.value.split('.') ?? [];
    t.is((await guess(gatehouse, agent, victim.email, 6)).at(-1), 429);
    const forged = [
      `${id}.${mac.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A'))}`,
      `${'A'.repeat(22)}.${mac}`,
      `${id}.${'A'.repeat(22)}.${mac}`,
      `${id}`,
      '',
      '.',
      'x'.repeat(4000),
    ];
    for (const value of forged) {
      await agent.jar.setCookie(`gatehouse_device=${value}; Path=/`, gatehouse.issuer);
      t.is((await attempt(gatehouse, agent, victim)).status, 429, value);
    }
  },
);

test.serial('people who share a browser are all known there', async (t) => {
  const people = [
    await addAccount(gatehouse),
    await addAccount(gatehouse),
    await addAccount(gatehouse),
  ];
  const agent = createAgent(gatehouse.issuer);
  for (const person of people) await attempt(gatehouse, agent, person);
  for (const person of people) {
    await guess(gatehouse, createAgent(gatehouse.issuer), person.email, 6);
    // Another person's session is ended on a page between.
    t.true([200, 303].includes((await attempt(gatehouse, agent, person)).status));
  }
});
