// How a change reaches the nodes: by a notification, or because they asked for the generations. Which
// of the two it was is told by PostgreSQL, and by no clock: it knows when each node asked last.
import type { Node, Nodes } from '../_nodes.ts';
import { eventually } from '../_protocol.ts';
import type { Change } from './_changes.ts';

export interface Heard {
  node: Node;
  /** From the commit to the first answer of this node that shows the change. */
  milliseconds: number;
  /** How long after the commit a request began that was still answered as before; 0: none did. */
  staleMilliseconds: number;
  /** It knew before it asked. */
  notified: boolean;
}

/** Makes the change, which every node has cause to remember otherwise, and waits until all know. */
export async function spread(nodes: Nodes, change: Change): Promise<Heard[]> {
  for (const node of nodes.nodes) {
    const answer = await eventually(
      () => change.ask(node),
      ({ status }) => status < 500,
    );
    if (change.isKnown(answer)) throw new Error(answer.text);
  }
  const before = await lastAsked(nodes);
  await change.make();
  const committed = performance.now();
  const heard = await Promise.all(
    nodes.nodes.map(async (node) => {
      let staleMilliseconds = 0;
      const answer = await eventually(
        async () => {
          const began = performance.now();
          const one = await change.ask(node);
          // One that may have missed something says so with 503.
          if (one.status < 500 && !change.isKnown(one)) staleMilliseconds = began - committed;
          return one;
        },
        (one) => change.isKnown(one),
        0,
      );
      if (!change.isKnown(answer)) throw new Error(`port ${node.port}: ${answer.text}`);
      return { node, staleMilliseconds, milliseconds: performance.now() - committed };
    }),
  );
  const after = await lastAsked(nodes);
  return heard.map((one) => {
    const askedAt = before.get(nameOf(one.node));
    return { ...one, notified: askedAt !== undefined && askedAt === after.get(nameOf(one.node)) };
  });
}

/** Several rounds, so that each node hears of a change at least once in between two questions. */
const MIN_ROUNDS = 3;
const MAX_ROUNDS = 10;

/** Spreads changes until each node was notified once; answers the ports of those that never were. */
export async function spreadByNotification(
  nodes: Nodes,
  arrange: (nodes: Nodes) => Promise<Change>,
): Promise<{ deaf: number[]; milliseconds: number[] }> {
  const deaf = new Set(nodes.nodes);
  const milliseconds: number[] = [];
  for (let round = 0; round < MIN_ROUNDS || (deaf.size > 0 && round < MAX_ROUNDS); round += 1) {
    for (const heard of await spread(nodes, await arrange(nodes))) {
      if (!heard.notified) continue;
      deaf.delete(heard.node);
      milliseconds.push(heard.milliseconds);
    }
  }
  return { deaf: [...deaf].map(({ port }) => port), milliseconds };
}

/** What t.log says of measured times. */
export function describe(milliseconds: number[]): string {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]?.toFixed(0);
  return `${sorted.length} times, median ${at(0.5)} ms, longest ${at(1)} ms`;
}

/** Ends the connections on which the nodes listen, and answers how many it was. */
export async function cutListening({ db, nodes }: Nodes): Promise<number> {
  const { rows } = await db.knex.raw(
    `SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))::int AS ended
     FROM (${LAST_ASKED}) asked WHERE application_name = ANY (?)`,
    [nodes.map(nameOf)],
  );
  return rows[0].ended;
}

// They ask on the connection on which they listen.
const LAST_ASKED = `SELECT DISTINCT ON (application_name) application_name, pid, query_start::text AS asked_at
  FROM pg_stat_activity
  WHERE datname = current_database() AND query LIKE '%FROM generations%' AND pid <> pg_backend_pid()
  ORDER BY application_name, query_start DESC`;

/** When each node asked for the generations last, by its application_name. */
async function lastAsked({ db }: Nodes): Promise<Map<string, string>> {
  const { rows } = await db.knex.raw(LAST_ASKED);
  return new Map(
    rows.map((row: { application_name: string; asked_at: string }) => [
      row.application_name,
      row.asked_at,
    ]),
  );
}

const nameOf = ({ process }: Node) => `gatehouse:${process.child.pid}`;
