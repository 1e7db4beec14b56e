// Counters beneath the pages: across accounts, across processes, and without their database.
import test from 'ava';
import { createLimits } from '../../src/accounts/limits.ts';
import { createAttempts } from '../../src/http/rate-limit.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { createAgent } from '../_agent.ts';
import { sendTo } from '../_at-node.ts';
import { createInstallation, type Installation } from '../_installation.ts';
import { startNodes } from '../_nodes.ts';
import { authorizeUrl } from '../_protocol.ts';

let installation: Installation;
test.before(async () => {
  installation = await createInstallation();
});
test.after.always(() => installation?.remove());

const limits = () => createLimits(createAttempts({ db: installation.db, enabled: true }));

test('many networks that try one account are slowed down together, for a minute at most', async (t) => {
  const { signIn } = limits();
  const from = (n: number) => ({ email: 'many@example.com', network: `192.0.2.${n}` });
  for (let n = 1; n <= 50; n += 1) t.is(await signIn.take(from(n)), 0);
  const wait = await signIn.take(from(51));
  t.true(wait > 0 && wait <= 60, String(wait));
  t.is(await signIn.take({ ...from(52), human: true }), 0, 'whoever answers a CAPTCHA passes');
  t.is(await signIn.take({ ...from(53), device: 'known' }), 0, 'and so does a known device');
});

test('one network that tries many accounts is slowed down, and its successes do not count', async (t) => {
  const { signIn } = limits();
  const on = (n: number) => ({ email: `victim${n}@example.com`, network: '198.51.100.1' });
  for (let n = 1; n <= 60; n += 1) {
    t.is(await signIn.take(on(n)), 0);
    await signIn.succeed(on(n));
  }
  for (let n = 1; n <= 100; n += 1) t.is(await signIn.take(on(n)), 0, String(n));
  t.true((await signIn.take(on(101))) > 0);
  t.is(await signIn.take({ ...on(101), network: '198.51.100.2' }), 0, 'another does not wait');
});

test('a sign-in asks for a CAPTCHA after three failures here, and of a known device apart', async (t) => {
  const { signIn } = limits();
  const here = { email: 'captcha@example.com', network: '203.0.113.9' };
  for (const expected of [false, false, true]) {
    await signIn.take(here);
    t.is(await signIn.needsCaptcha(here), expected);
  }
  t.false(await signIn.needsCaptcha({ ...here, network: '203.0.113.10' }));
  t.false(await signIn.needsCaptcha({ ...here, device: 'known' }));
  await signIn.succeed(here);
  t.false(await signIn.needsCaptcha(here));
});

test('an attempt that was not checked is given back', async (t) => {
  const { signIn } = limits();
  const here = { email: 'busy@example.com', network: '203.0.113.20' };
  for (let n = 1; n <= 20; n += 1) {
    t.is(await signIn.take(here), 0);
    await signIn.giveBack(here);
  }
});

test('attempts that share counters in any order never wait for each other for ever', async (t) => {
  const { signIn } = limits();
  const attempts = Array.from({ length: 200 }, (_, n) => ({
    email: `cross${n % 5}@example.com`,
    network: `203.0.113.${100 + (n % 7)}`,
  }));
  const taken = await Promise.allSettled(attempts.map((attempt) => signIn.take(attempt)));
  t.true(taken.some(({ status }) => status === 'fulfilled'));
  const deadlocks = taken.filter((one) => one.status === 'rejected' && one.reason.code === '40P01');
  t.deepEqual(deadlocks, []);
});

test('without the database each node counts by itself', async (t) => {
  const db = openDatabase({ url: 'postgres://nobody@127.0.0.1:9/none', name: 'away' });
  t.teardown(() => db.close());
  const { signIn, signUp } = createLimits(createAttempts({ db, enabled: true }));
  const here = { email: 'away@example.com', network: '192.0.2.77' };
  for (let n = 1; n <= 5; n += 1) t.is(await signIn.take(here), 0);
  t.true((await signIn.take(here)) > 0);
  t.true(await signIn.needsCaptcha(here));
  t.is(await signIn.take({ ...here, network: '192.0.2.78' }), 0);
  await signIn.succeed(here);
  t.is(await signIn.take(here), 0);
  for (let n = 1; n <= 20; n += 1) t.is(await signUp.take('192.0.2.77'), 0);
  t.true((await signUp.take('192.0.2.77')) > 0);
});

test('switched off, nothing is counted', async (t) => {
  const { signIn } = createLimits(createAttempts({ db: installation.db, enabled: false }));
  const here = { email: 'off@example.com', network: '192.0.2.99' };
  for (let n = 1; n <= 20; n += 1) t.is(await signIn.take(here), 0);
  t.false(await signIn.needsCaptcha(here));
});

test('sixty guesses at once at three processes: five are checked', async (t) => {
  const nodes = await startNodes({ count: 3 });
  t.teardown(() => nodes.stop());
  const agent = createAgent(nodes.issuer);
  const page = await agent.get(authorizeUrl(nodes, nodes.client('web')));
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const Cookie = await agent.jar.getCookieString(page.url);
  const path = `${new URL(page.url).pathname}/sign-in`;
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, n) =>
      sendTo(nodes, nodes.nodes[n % 3]?.port ?? 0, path, {
        params: { csrf, email: 'dev@example.com', password: `guess ${n}` },
        headers: { Cookie, Accept: 'text/html', 'X-Forwarded-For': `192.0.2.${n}` },
      }),
    ),
  );
  const count = (status: number) => answers.filter((answer) => answer.status === status).length;
  // On a machine that is busy some are told to come back, guess or no guess.
  t.is(count(400) + count(429) + count(503), 60);
  t.true(count(400) <= 5, `${count(400)} were checked`);
  const query = await nodes.db.query();
  t.like(await query('attempts').whereLike('key', 'sign-in:%').first(), { count: 5 });
  for (const { status, headers } of answers)
    if (status === 429) t.regex(String(headers['retry-after']), /^[1-5]$/);
});
