// T-01, T-02, T-04: what works once works once when it is sent twenty times at the same moment.
import { randomUUID } from 'node:crypto';
import test from 'ava';
import { importJWK, SignJWT } from 'jose';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorization, basic, encode, exchange, obtainCode, post } from './_flow.ts';
import { type Answer, sendTogether, tally } from './_simultaneous.ts';

let gatehouse: Gatehouse;
let port: number;
test.before(async () => {
  gatehouse = await startGatehouse();
  port = gatehouse.config.port;
});
test.after.always(() => gatehouse?.stop());

const MANY = 20;
const OFFLINE = { scope: 'openid email offline_access orders.read' };
const refreshAs = (kind: string, refresh_token: string) =>
  post(gatehouse, '/token', { grant_type: 'refresh_token', refresh_token }, { as: kind });
const won = (answers: Answer[]) => answers.filter(({ status }) => status === 200);
const codes = (answers: Answer[]) =>
  new Set(
    answers
      .map(({ headers }) => /[?&]code=([^&]+)/.exec(String(headers['location']))?.[1])
      .filter(Boolean),
  );

async function raceForCode() {
  const flow = await obtainCode(gatehouse, 'third-party', { overrides: OFFLINE });
  const body = encode({
    grant_type: 'authorization_code',
    code: flow.code,
    redirect_uri: flow.redirectUri,
    code_verifier: flow.verifier,
  });
  const headers = { Authorization: basic(gatehouse, 'third-party') };
  return sendTogether(port, MANY, { path: '/token', headers, body });
}

test.serial('T-02 one code is redeemed once', async (t) => {
  for (let round = 0; round < 3; round += 1) {
    const answers = await raceForCode();
    t.deepEqual(tally(answers), { '200': 1, '400 invalid_grant': MANY - 1 });
  }
});

// RFC 6749 section 4.1.2: a code used more than once revokes what was issued on it. Whoever loses a
// race has as good a reason to distrust the winner as one who comes later.
test.serial('T-02 a race for a code revokes what the winner got', async (t) => {
  const [winner] = won(await raceForCode());
  const { refresh_token } = JSON.parse(winner?.text ?? '{}');
  const answer = await refreshAs('third-party', refresh_token);
  t.is(answer.status, 400);
  t.is(answer.json['error'], 'invalid_grant');
});

test.serial('T-02 a code used again, later, revokes what was issued on it', async (t) => {
  const flow = await obtainCode(gatehouse, 'third-party', { overrides: OFFLINE });
  const first = await exchange(gatehouse, 'third-party', flow);
  t.is(first.status, 200);
  t.is((await exchange(gatehouse, 'third-party', flow)).status, 400);
  const answer = await refreshAs('third-party', String(first.json['refresh_token']));
  t.is(answer.json['error'], 'invalid_grant');
});

test.serial('T-01 one refresh token of a public client has one successor', async (t) => {
  const { client_id } = gatehouse.client('spa');
  for (let round = 0; round < 3; round += 1) {
    const flow = await obtainCode(gatehouse, 'spa', { overrides: OFFLINE });
    const { refresh_token } = (await exchange(gatehouse, 'spa', flow)).json;
    const body = encode({
      grant_type: 'refresh_token',
      refresh_token: String(refresh_token),
      client_id,
    });
    const answers = await sendTogether(port, MANY, { path: '/token', body });
    const successors = new Set(won(answers).map(({ text }) => JSON.parse(text).refresh_token));
    t.is(successors.size, 1);
    for (const { status, text } of answers)
      if (status !== 200) t.regex(`${status} ${text}`, /^400 .*"invalid_grant"/);
  }
});

test.serial('T-01 a refresh that races a revocation leaves nothing alive', async (t) => {
  const { client_id } = gatehouse.client('spa');
  for (let round = 0; round < 3; round += 1) {
    const flow = await obtainCode(gatehouse, 'spa', { overrides: OFFLINE });
    const refresh_token = String((await exchange(gatehouse, 'spa', flow)).json['refresh_token']);
    const [revoked, refreshed] = await Promise.all([
      post(gatehouse, '/revoke', { token: refresh_token, client_id }),
      post(gatehouse, '/token', { grant_type: 'refresh_token', refresh_token, client_id }),
    ]);
    t.is(revoked.status, 200);
    t.true([200, 400].includes(refreshed.status), refreshed.text);
    for (const token of [refresh_token, refreshed.json['refresh_token']].filter(Boolean)) {
      const again = await post(gatehouse, '/token', {
        grant_type: 'refresh_token',
        refresh_token: String(token),
        client_id,
      });
      t.is(again.json['error'], 'invalid_grant', `round ${round}`);
    }
  }
});

async function assertion(jti = randomUUID()): Promise<string> {
  const { client_id, private_jwk = {} } = gatehouse.client('machine-jwt');
  const key = await importJWK(private_jwk, 'ES256');
  return new SignJWT({ iss: client_id, sub: client_id, aud: gatehouse.issuer, jti })
    .setProtectedHeader({ alg: 'ES256' })
    .setExpirationTime('1 minute')
    .sign(key);
}

const withAssertion = (client_assertion: string) => ({
  grant_type: 'client_credentials',
  scope: 'orders.read',
  client_assertion,
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
});

test.serial('T-04 one client assertion authenticates once', async (t) => {
  for (let round = 0; round < 3; round += 1) {
    const body = encode(withAssertion(await assertion()));
    const answers = await sendTogether(port, MANY, { path: '/token', body });
    t.deepEqual(tally(answers), { '200': 1, '401 invalid_client': MANY - 1 });
  }
});

test.serial('T-04 one jti authenticates once, whatever else the assertions say', async (t) => {
  const jti = randomUUID();
  t.is((await post(gatehouse, '/token', withAssertion(await assertion(jti)))).status, 200);
  t.is((await post(gatehouse, '/token', withAssertion(await assertion(jti)))).status, 401);
});

test.serial('T-04 an assertion that authenticated a refused request is used up, too', async (t) => {
  const once = withAssertion(await assertion());
  const refused = await post(gatehouse, '/token', { ...once, scope: 'no.such.scope' });
  t.is(refused.json['error'], 'invalid_scope');
  const again = await post(gatehouse, '/token', once);
  t.is(again.status, 401);
});

test.serial('T-01 one pushed request leads to one code', async (t) => {
  const { agent } = await obtainCode(gatehouse, 'web');
  for (let round = 0; round < 3; round += 1) {
    const query = new URL(authorization(gatehouse, 'web').url).search.slice(1);
    const pushed = await post(gatehouse, '/par', query, { as: 'web' });
    const { client_id } = gatehouse.client('web');
    const request_uri = String(pushed.json['request_uri']);
    const path = `/authorize?${encode({ client_id, request_uri })}`;
    const Cookie = await agent.jar.getCookieString(gatehouse.issuer);
    const answers = await sendTogether(port, MANY, { path, headers: { Cookie } });
    t.is(codes(answers).size, 1);
    for (const { status } of answers) t.true(status < 500, String(status));
    // One of the answers holds the session that goes on.
    await agent.jar.removeAllCookies();
    await obtainCode(gatehouse, 'web', { agent });
  }
});

test.serial('T-38 one finished interaction leads to one session and one code', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(authorization(gatehouse, 'web').url);
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const { email = '', password = '' } = gatehouse.accounts[0] ?? {};
  const answer = await agent.request(`${page.url}/sign-in`, {
    method: 'POST',
    body: new URLSearchParams({ csrf, email, password }),
  });
  const resume = new URL(answer.headers.get('Location') ?? '');
  const Cookie = await agent.jar.getCookieString(resume.href);
  const answers = await sendTogether(port, MANY, { path: resume.pathname, headers: { Cookie } });
  for (const { status } of answers) t.true(status < 500, String(status));
  t.is(codes(answers).size, 1);
});

test.serial('T-03 a sign-out that races another tab ends the session all the same', async (t) => {
  for (let round = 0; round < 5; round += 1) {
    const { agent } = await obtainCode(gatehouse, 'web');
    const page = await agent.get(`${gatehouse.issuer}/logout`);
    const xsrf = page.html.querySelector('input[name=xsrf]')?.getAttribute('value') ?? '';
    const Cookie = await agent.jar.getCookieString(gatehouse.issuer);
    const tab = (overrides = {}) =>
      fetch(authorization(gatehouse, 'web', overrides).url, {
        redirect: 'manual',
        headers: { Cookie },
      });
    const [signedOut] = await Promise.all([
      fetch(`${gatehouse.issuer}/logout/confirm`, {
        method: 'POST',
        redirect: 'manual',
        headers: { Cookie },
        body: new URLSearchParams({ xsrf, logout: 'yes' }),
      }),
      tab(),
      tab(),
      tab(),
    ]);
    t.is(signedOut.status, 303);
    const afterwards = await tab({ prompt: 'none' });
    t.regex(afterwards.headers.get('Location') ?? '', /error=login_required/, `round ${round}`);
  }
});

test.serial('T-41 parallel guesses cannot outrun the counter', async (t) => {
  const limited = await startGatehouse({ rateLimits: true });
  try {
    const agent = createAgent(limited.issuer);
    const page = await agent.get(authorization(limited, 'web').url);
    const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
    const path = `${new URL(page.url).pathname}/sign-in`;
    const Cookie = await agent.jar.getCookieString(limited.issuer + path);
    const answers = await sendTogether(limited.config.port, MANY, {
      path,
      headers: { Cookie },
      body: encode({ csrf, email: 'dev@example.com', password: 'wrong' }),
    });
    t.deepEqual(tally(answers), { '400': 5, '429': MANY - 5 });
  } finally {
    await limited.stop();
  }
});
