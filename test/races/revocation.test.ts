// T-03: whatever arrives at once about one family, over three server processes, it is revoked, nothing
// of it comes back, and no connection is lost over it.
import test, { type ExecutionContext } from 'ava';
import { addClient, basic, encode, redeem, refresh, send, type TestClient } from '../_protocol.ts';
import type { RaceRequest } from './_last-byte.ts';
import {
  assertNoFault,
  codeRequest,
  LANES,
  openRaceCourse,
  type RaceCourse,
  refreshRequest,
  successes,
} from './_race-course.ts';
import type { RaceAnswer } from './_response-reader.ts';

let course: RaceCourse;
let clients: [TestClient, ...TestClient[]];
test.before(async () => {
  course = await openRaceCourse();
  const { nodes } = course;
  const rotating = await addClient(nodes, {
    kind: 'web',
    rotateRefreshTokens: true,
    redirectUris: [{ uri: `${nodes.portalUrl}/rotating`, type: 'web' }],
  });
  clients = [nodes.client('web'), nodes.client('spa'), rotating];
});
test.after.always(() => course?.close());

interface Family {
  client: TestClient;
  code: string;
  refreshToken: string;
  accessToken: string;
}

async function createFamily(): Promise<Family> {
  const client = course.random.pick(clients);
  const code = await course.code(client, 'openid email offline_access');
  const { body } = await redeem(course.nodes, client, code);
  const [refreshToken, accessToken] = [body['refresh_token'], body['access_token']].map(String);
  return { client, code, refreshToken: refreshToken ?? '', accessToken: accessToken ?? '' };
}

function revokeRequest({ client }: Family, token: string): RaceRequest {
  return client.client_secret
    ? { path: '/revoke', headers: basic(client), body: encode({ token }) }
    : { path: '/revoke', body: encode({ token, client_id: client.client_id }) };
}

/** Uses and revocations of one family, few or many of the latter, in any order. */
function storm(family: Family): RaceRequest[] {
  const { client, code, refreshToken, accessToken } = family;
  const revoking = [
    codeRequest(client, code),
    revokeRequest(family, refreshToken),
    revokeRequest(family, accessToken),
  ] as const;
  const using = [
    refreshRequest(client, refreshToken),
    refreshRequest(client, refreshToken),
    { path: '/userinfo', headers: { Authorization: `Bearer ${accessToken}` } },
  ] as const;
  const { random } = course;
  const revocations = 1 + random.integer(random.pick([3, LANES]));
  return random.order(LANES).map((place) => random.pick(place < revocations ? revoking : using));
}

test.serial('T-03 a family that is revoked while it is used stays revoked', async (t) => {
  const { random } = course;
  const count = course.rounds(0.1);
  for (let index = 0; index < count; index += 1) {
    const where = `storm ${index} of seed ${random.seed}`;
    const family = await createFamily();
    const answers = await course.race(storm(family));
    assertNoFault(t, answers, where);
    await assertDead(t, family, answers, where);
  }
  t.log(`${count} storms of ${LANES}, seed ${random.seed}`);
});

/** What the family had, and what it was given during the storm, is of no use to anybody. */
async function assertDead(
  t: ExecutionContext,
  { client, refreshToken, accessToken }: Family,
  answers: RaceAnswer[],
  where: string,
) {
  const { nodes } = course;
  const given = successes(answers);
  const tokens = (name: string) =>
    given.flatMap((body) => (body[name] ? [String(body[name])] : []));
  for (const token of new Set([refreshToken, ...tokens('refresh_token')])) {
    const answer = await refresh(nodes, client, token);
    t.is(answer.body['error'], 'invalid_grant', where);
  }
  for (const token of new Set([accessToken, ...tokens('access_token')])) {
    const headers = { Authorization: `Bearer ${token}` };
    t.is((await send(`${nodes.issuer}/userinfo`, { headers })).status, 401, where);
  }
  const left = await nodes.db
    .knex('oidc_payloads')
    .whereIn('model', ['Grant', 'AccessToken', 'RefreshToken', 'AuthorizationCode'])
    .where({ client_id: client.client_id })
    .select('model', 'consumed_at');
  t.deepEqual(left, [], where);
}

test.serial('no storm of these made the database break a deadlock', async (t) => {
  t.is(await course.countDeadlocks(), 0);
});
