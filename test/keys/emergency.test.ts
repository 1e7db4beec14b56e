// A stolen key: every node stops signing with it and stops publishing it, also one that missed the news.
import test from 'ava';
import { type Nodes, startNodes } from '../_nodes.ts';
import { eventually } from '../_protocol.ts';
import { environmentOf, runJson } from '../cli/_cli.ts';
import {
  age,
  askForToken,
  kidOf,
  type ListedKey,
  publishedBy,
  tokenOf,
  verifyEverywhere,
} from './_keys.ts';

let nodes: Nodes;
let ports: number[];
test.before(async () => {
  nodes = await startNodes({ count: 2 });
  ports = nodes.nodes.map(({ port }) => port);
});
test.after.always(() => nodes?.stop());

const listKeys = () => runJson<ListedKey[]>(['keys', 'list'], environmentOf(nodes));
const published = async () => {
  const sets = await Promise.all(ports.map((port) => publishedBy(nodes, port)));
  return sets.map(({ keys }) => keys.map(({ kid }) => String(kid)));
};
const emergency = async () => {
  await age(nodes, { state: 'next', column: 'created_at', by: '11 seconds' });
  return runJson<{ current: string }>(['keys', 'rotate', '--emergency'], environmentOf(nodes));
};

/** Cuts the connection on which a node hears the news, again and again, until it is told to stop. */
function keepDeaf(pid: number | undefined) {
  let cut = 0;
  let stopped = false;
  const cutting = (async () => {
    while (!stopped) {
      const { rows } = await nodes.db.knex.raw(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = ?
           AND (query LIKE 'LISTEN%' OR query LIKE '%FROM generations%')`,
        [`gatehouse:${pid}`],
      );
      cut += rows.length;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await cutting;
      return cut;
    },
  };
}

test.serial(
  'a node that misses the news signs with nothing that others do not publish',
  async (t) => {
    const client = nodes.client('machine');
    const stolen = kidOf(tokenOf(await askForToken(nodes, ports[0] ?? 0, client)));
    const deafened = keepDeaf(nodes.nodes[1]?.process.child.pid);
    const signers = ports.map(() => new Set<string>());
    const failures: unknown[] = [];
    const signOnce = async (index: number) => {
      const answer = await askForToken(nodes, ports[index] ?? 0, client);
      // Late with the news by five seconds, a node says so and signs nothing.
      if (answer.status === 503) return;
      const token = tokenOf(answer);
      signers[index]?.add(kidOf(token));
      await verifyEverywhere(nodes, ports, token);
    };
    const rotated = await emergency();
    const sets = await eventually(
      async () => {
        for (const index of ports.keys())
          await signOnce(index).catch((error: unknown) => failures.push(error));
        return published();
      },
      (kids) => kids.every((set) => !set.includes(stolen)),
    );
    t.true((await deafened.stop()) > 0);
    for (const set of sets) t.false(set.includes(stolen), 'withdrawn without another command');
    t.deepEqual(failures, []);
    for (const set of signers) t.true(set.has(rotated.current));
  },
);

test.serial('a request that lasts longer than the withdrawn key gets no token of it', async (t) => {
  const client = nodes.client('machine');
  const [port = 0] = ports;
  const stolen = kidOf(tokenOf(await askForToken(nodes, port, client)));
  const { promise: hold, resolve: finish } = Promise.withResolvers<void>();
  const slow = askForToken(nodes, port, client, { hold });
  await emergency();
  await eventually(published, (kids) => kids.every((set) => !set.includes(stolen)));
  finish();
  const answer = await slow;
  t.is(answer.status, 503, answer.text);
  t.is(JSON.parse(answer.text).error, 'temporarily_unavailable');
  t.is((await askForToken(nodes, port, client)).status, 200);
});

test.serial(
  'a second emergency withdraws the key of the first, and what was retired before',
  async (t) => {
    const before = await listKeys();
    const kid = (state: string) => before.find((key) => key['state'] === state)?.['kid'];
    await age(nodes, { state: 'next', column: 'usable_from', by: '1 second' });
    await runJson(['keys', 'rotate'], environmentOf(nodes));
    await emergency();
    const sets = await eventually(published, (all) =>
      all.every((set) => !set.includes(`${kid('current')}`) && !set.includes(`${kid('next')}`)),
    );
    for (const set of sets) {
      t.is(set.length, 2);
      t.false(before.some((key) => set.includes(`${key['kid']}`)));
    }
  },
);

test.serial(
  'a second emergency right after the first waits until the new key is everywhere',
  async (t) => {
    await emergency();
    const second = runJson(['keys', 'rotate', '--emergency'], environmentOf(nodes));
    await t.throwsAsync(second, { message: /younger than 10 seconds/ });
  },
);
