// T-01, T-02, T-04: what works once works once, for 24 requests that are complete at the same moment,
// over three server processes.
import { randomUUID } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import type { Page } from '../_agent.ts';
import {
  addClient,
  authorizeUrl,
  basic,
  encode,
  post,
  redeem,
  refresh,
  type TestClient,
} from '../_protocol.ts';
import {
  assertNoFault,
  codeRequest,
  codesOf,
  LANES,
  openRaceCourse,
  type RaceCourse,
  refreshRequest,
  successes,
  tally,
  tokenRequest,
} from './_race-course.ts';
import type { RaceAnswer } from './_response-reader.ts';

let course: RaceCourse;
let rotating: TestClient;
test.before(async () => {
  course = await openRaceCourse();
  rotating = await addClient(course.nodes, {
    kind: 'web',
    rotateRefreshTokens: true,
    redirectUris: [{ uri: `${course.nodes.portalUrl}/rotating`, type: 'web' }],
  });
});
test.after.always(() => course?.close());

const OFFLINE = 'openid email offline_access';

/** Runs a share of all rounds; a failure names its round and the seed that repeats it. */
async function runRounds(
  t: ExecutionContext,
  share: number,
  round: (where: string) => Promise<void>,
) {
  const { random } = course;
  const count = course.rounds(share);
  const start = Date.now();
  for (let index = 0; index < count; index += 1)
    await round(`round ${index} of seed ${random.seed}`);
  t.log(`${count} rounds of ${LANES}, seed ${random.seed}, ${Date.now() - start} ms`);
}

test.serial('T-02 one code is redeemed once, and its race revokes what was issued', async (t) => {
  const { nodes, random } = course;
  const clients = [nodes.client('web'), nodes.client('spa'), rotating] as const;
  await runRounds(t, 0.2, async (where) => {
    const client = random.pick<TestClient>(clients);
    const code = await course.code(client, OFFLINE);
    const answers = await course.race(codeRequest(client, code));
    t.deepEqual(tally(answers), { '200': 1, '400 invalid_grant': LANES - 1 }, where);
    // Two held one code: neither is to be trusted (RFC 9700 section 4.5).
    const [winner] = successes(answers);
    const again = await refresh(nodes, client, winner?.['refresh_token']);
    t.is(again.body['error'], 'invalid_grant', where);
  });
});

test.serial('T-01 one refresh token has one successor, and everybody is given it', async (t) => {
  const { nodes, random } = course;
  const clients = [nodes.client('spa'), rotating] as const;
  let client: TestClient = clients[0];
  let family: string[] = [];
  await runRounds(t, 0.2, async (where) => {
    if (family.length === 0) {
      client = random.pick<TestClient>(clients);
      family = [String((await course.tokens(client, OFFLINE))['refresh_token'])];
    }
    const answers = await course.race(refreshRequest(client, family.at(-1) ?? ''));
    family.push(assertOneSuccessor(t, answers, where));
    if (family.length < 3 || random.integer(12) > 0) return;
    // A token whose successor was used is a replay: it takes the family with it.
    const replayed = family[random.integer(family.length - 2)];
    for (const token of [replayed, family.at(-1)]) {
      const answer = await refresh(nodes, client, token);
      t.is(answer.body['error'], 'invalid_grant', where);
    }
    family = [];
  });
});

function assertOneSuccessor(t: ExecutionContext, answers: RaceAnswer[], where: string): string {
  const given = successes(answers);
  const pairs = given.map(({ refresh_token, access_token }) => `${refresh_token} ${access_token}`);
  t.is(new Set(pairs).size, 1, where);
  const { '200': won = 0, '400 invalid_grant': refused = 0 } = tally(answers);
  t.is(won + refused, LANES, `${where}: ${JSON.stringify(tally(answers))}`);
  return String(given[0]?.['refresh_token']);
}

test.serial('T-01 one pushed request leads to one code', async (t) => {
  const { nodes, agent } = course;
  const client = nodes.client('web');
  await runRounds(t, 0.05, async (where) => {
    const query = new URL(authorizeUrl(nodes, client)).searchParams;
    const pushed = await post(nodes, '/par', Object.fromEntries(query), basic(client));
    const request_uri = String(pushed.body['request_uri']);
    const path = `/authorize?${encode({ client_id: client.client_id, request_uri })}`;
    const Cookie = await agent.jar.getCookieString(nodes.issuer);
    const answers = await course.race({ path, headers: { Cookie } });
    const [code = ''] = codesOf(answers);
    t.deepEqual(tally(answers), { '303': 1, '400 invalid_request_uri': LANES - 1 }, where);
    t.is((await redeem(nodes, client, code)).status, 200, where);
  });
});

test.serial('T-04 one client assertion authenticates once', async (t) => {
  const { nodes } = course;
  const { client_id, private_jwk = {}, redirect_uris } = nodes.client('machine-jwt');
  const key = await importJWK(private_jwk, 'ES256');
  await runRounds(t, 0.25, async (where) => {
    const client_assertion = await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(client_id)
      .setSubject(client_id)
      .setAudience(nodes.issuer)
      .setExpirationTime('1 minute')
      .sign(key);
    const request = tokenRequest(
      { client_id, redirect_uris },
      {
        grant_type: 'client_credentials',
        scope: 'orders.read',
        client_assertion,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      },
    );
    const answers = await course.race(request);
    t.deepEqual(tally(answers), { '200': 1, '401 invalid_client': LANES - 1 }, where);
  });
});

test.serial('T-04 one DPoP proof is accepted once', async (t) => {
  const { nodes } = course;
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = await exportJWK(publicKey);
  const params = { grant_type: 'client_credentials', scope: 'orders.read' };
  const request = tokenRequest(nodes.client('machine'), params);
  await runRounds(t, 0.25, async (where) => {
    const DPoP = await new SignJWT({ jti: randomUUID(), htm: 'POST', htu: `${nodes.issuer}/token` })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .setIssuedAt()
      .sign(privateKey);
    const answers = await course.race({ ...request, headers: { ...request.headers, DPoP } });
    t.deepEqual(tally(answers), { '200': 1, '400 invalid_grant': LANES - 1 }, where);
  });
});

test.serial('T-38 one interaction ends once, however often its form is sent', async (t) => {
  const { nodes, agent, random } = course;
  const client = nodes.client('third-party');
  // Two races each.
  await runRounds(t, 0.025, async (where) => {
    const page = await agent.get(authorizeUrl(nodes, client, { prompt: 'consent' }));
    const submit = await consentRequest(page);
    const submitted = await course.race(submit);
    assertNoFault(t, submitted, where);
    const resume = submitted.find(({ status }) => status === 303)?.headers.get('Location') ?? '';
    const headers = { Cookie: await agent.jar.getCookieString(resume) };
    const path = new URL(resume).pathname;
    // Some still send the form while others go on.
    const late = random.integer(LANES);
    const answers = await course.race(
      Array.from({ length: LANES }, (_, index) => (index < late ? submit : { path, headers })),
    );
    assertNoFault(t, answers, where);
    const [code = '', ...more] = codesOf(answers);
    t.deepEqual(more, [], where);
    const { status, text } = await redeem(nodes, client, code);
    t.is(status, 200, `${where}: ${text}`);
    const winner = answers.find((answer) => codesOf([answer]).length > 0);
    for (const cookie of winner?.headers.getSetCookie() ?? [])
      await agent.jar.setCookie(cookie, nodes.issuer);
  });
});

async function consentRequest(page: Page) {
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value');
  const path = `${new URL(page.url).pathname}/consent`;
  const Cookie = await course.agent.jar.getCookieString(course.nodes.issuer + path);
  return { path, headers: { Cookie }, body: encode({ csrf, choice: 'allow' }) };
}

test.serial('no race of these made the database break a deadlock', async (t) => {
  t.is(await course.countDeadlocks(), 0);
});
