// T-40, T-41: the network whose attempts are counted is the one that we see, not one that is claimed.
import test from 'ava';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorization } from './_flow.ts';

let exposed: Gatehouse;
let behindProxy: Gatehouse;
test.before(async () => {
  exposed = await startGatehouse({ rateLimits: true });
  behindProxy = await startGatehouse({ rateLimits: true, trustedProxies: ['127.0.0.1'] });
});
test.after.always(async () => {
  await exposed?.stop();
  await behindProxy?.stop();
});

const LIMITED = [400, 400, 400, 400, 400, 429, 429];

/** Fails to sign in seven times, each time as `attempt` says; returns the statuses. */
async function failToSignIn(
  gatehouse: Gatehouse,
  attempt: (n: number) => { email: string; headers?: Record<string, string> },
): Promise<number[]> {
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(authorization(gatehouse, 'web').url);
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const statuses: number[] = [];
  for (let n = 1; n <= LIMITED.length; n += 1) {
    const { email, headers = {} } = attempt(n);
    const body = new URLSearchParams({ csrf, email, password: 'wrong' });
    const answer = await agent.request(`${page.url}/sign-in`, { method: 'POST', body, headers });
    statuses.push(answer.status);
    await answer.body?.cancel();
  }
  return statuses;
}

test('T-40 a stranger cannot choose the network that is throttled', async (t) => {
  const statuses = await failToSignIn(exposed, (n) => ({
    email: 'dev@example.com',
    headers: {
      'X-Forwarded-For': `198.51.100.${n}`,
      Forwarded: `for=198.51.100.${n}`,
      'X-Real-IP': `198.51.100.${n}`,
      'Client-IP': `198.51.100.${n}`,
    },
  }));
  t.deepEqual(statuses, LIMITED);
});

const HOPS: [string, (n: number) => string][] = [
  ['the sender’s own entries', (n) => `198.51.100.${n}, 203.0.113.7`],
  ['many entries', (n) => `${'198.51.100.1, '.repeat(200)}198.51.100.${n}, 203.0.113.7`],
  ['an entry that is no address', (n) => `198.51.100.${n}, unknown, 203.0.113.7`],
  ['a proxy named twice', (n) => `198.51.100.${n}, 127.0.0.1, 203.0.113.7, 127.0.0.1`],
  // Azure Application Gateway appends address and port.
  ['an address with its port', (n) => `198.51.100.${n}, 203.0.113.7:5${n}001`],
  ['an IPv6 address with its port', (n) => `198.51.100.${n}, [2001:db8::7]:5${n}001`],
  ['an obfuscated last hop', (n) => `198.51.100.${n}, _hidden`],
];
for (const [name, hops] of HOPS) {
  test(`T-40 of the hops that a trusted proxy forwards only the last counts: ${name}`, async (t) => {
    const email = `${name.replace(/[^a-z]/g, '')}@example.com`;
    const statuses = await failToSignIn(behindProxy, (n) => ({
      email,
      headers: { 'X-Forwarded-For': hops(n) },
    }));
    t.deepEqual(statuses, LIMITED);
  });
}

test('T-40 two networks behind one trusted proxy do not throttle each other', async (t) => {
  const from = (address: string) =>
    failToSignIn(behindProxy, () => ({
      email: 'two@example.com',
      headers: { 'X-Forwarded-For': address },
    }));
  t.deepEqual(await from('203.0.113.20'), LIMITED);
  t.deepEqual(await from('203.0.113.21'), LIMITED);
});

test('T-41 the 2^64 addresses of one IPv6 network count as one', async (t) => {
  const statuses = await failToSignIn(behindProxy, (n) => ({
    email: 'sam@example.com',
    headers: { 'X-Forwarded-For': `2001:db8:1:2:${n}::${n}` },
  }));
  t.deepEqual(statuses, LIMITED);
});

test('T-41 another spelling of the same e-mail address does not buy more attempts', async (t) => {
  const spellings = [
    'admin@example.com',
    'ADMIN@example.com',
    ' admin@example.com',
    'admin@EXAMPLE.com ',
  ];
  const statuses = await failToSignIn(exposed, (n) => ({ email: spellings[n % 4] ?? '' }));
  t.deepEqual(statuses, LIMITED);
});
