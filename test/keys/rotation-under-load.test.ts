// Three server processes issue tokens without a pause while the keys rotate three times.
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

const WORKERS = 6;

let nodes: Nodes;
test.before(async () => {
  nodes = await startNodes({ count: 3 });
});
test.after.always(() => nodes?.stop());

test('a rotation drops no request, and every node publishes what any node signs with', async (t) => {
  const env = environmentOf(nodes);
  const ports = nodes.nodes.map(({ port }) => port);
  const client = nodes.client('machine');
  const latest = new Map<number, string>();
  const kids = new Set<string>();
  const failures: unknown[] = [];
  let issued = 0;
  let stopped = false;
  const work = async (turn: number) => {
    for (let round = turn; !stopped; round += 1) {
      const port = ports[round % ports.length] ?? 0;
      try {
        const token = tokenOf(await askForToken(nodes, port, client));
        latest.set(port, kidOf(token));
        kids.add(kidOf(token));
        await verifyEverywhere(nodes, ports, token);
        issued += 1;
      } catch (error) {
        failures.push(error);
      }
    }
  };
  const workers = Array.from({ length: WORKERS }, (_, turn) => work(turn));

  try {
    for (let rotation = 0; rotation < 3; rotation += 1) {
      const listed = await runJson<ListedKey[]>(['keys', 'list'], env);
      const next = listed.find(({ state }) => state === 'next')?.['kid'];
      // What a day does outside of a test: everybody has read the next key.
      await eventually(
        () => Promise.all(ports.map((port) => publishedBy(nodes, port))),
        (sets) => sets.every(({ keys }) => keys.some(({ kid }) => kid === next)),
      );
      await age(nodes, { state: 'next', column: 'usable_from', by: '1 second' });
      const rotated = await runJson(['keys', 'rotate'], env);
      t.is(rotated['current'], next);
      await eventually(
        async () => [...latest.values()],
        (current) => current.every((kid) => kid === next),
      );
      t.deepEqual([...latest.values()], [next, next, next]);
    }
  } finally {
    stopped = true;
    await Promise.all(workers);
  }
  t.deepEqual(failures, []);
  t.is(kids.size, 4);
  t.log(`${issued} tokens`);
});
