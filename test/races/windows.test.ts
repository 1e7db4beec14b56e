// Windows of one browser that authorize at the same moment, over three server processes: each is
// given a code that works.
import test from 'ava';
import { addClient, authorizeUrl, redeem, type TestClient } from '../_protocol.ts';
import { codesOf, LANES, openRaceCourse, type RaceCourse, tally } from './_race-course.ts';

let course: RaceCourse;
test.before(async () => {
  course = await openRaceCourse();
});
test.after.always(() => course?.close());

const ROUNDS = 5;

/** A portal that this browser has not been to. */
function addPortal(): Promise<TestClient> {
  const uri = `${course.nodes.portalUrl}/callback`;
  const redirectUris = [{ uri, type: 'spa' as const }];
  return addClient(course.nodes, { kind: 'spa', redirectUris });
}

/** Opens a window for each of the clients, and answers what the exchange of each code came to. */
async function openWindows(clients: TestClient[]): Promise<Record<string, number>> {
  const { nodes, agent } = course;
  const headers = { Cookie: await agent.jar.getCookieString(nodes.issuer) };
  const requests = clients.map((client) => {
    const { pathname, search } = new URL(authorizeUrl(nodes, client));
    return { path: pathname + search, headers };
  });
  const answers = await course.race(requests);
  const exchanges = clients.map((client, index) =>
    redeem(nodes, client, codesOf(answers.slice(index, index + 1))[0] ?? ''),
  );
  return tally(await Promise.all(exchanges));
}

test.serial('windows of different portals are all served', async (t) => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const clients = await Promise.all(Array.from({ length: LANES }, addPortal));
    t.deepEqual(await openWindows(clients), { '200': LANES }, `seed ${course.random.seed}`);
  }
});

test.serial('windows of one portal are all served', async (t) => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const client = await addPortal();
    const clients = Array<TestClient>(LANES).fill(client);
    t.deepEqual(await openWindows(clients), { '200': LANES }, `seed ${course.random.seed}`);
  }
});
