// Three server processes, eight connections to each, one person who is signed in, and a seed.
// GATEHOUSE_RACE_SEED repeats what a run chose. GATEHOUSE_RACE_ROUNDS makes it longer than CI can
// afford: GATEHOUSE_RACE_ROUNDS=10000 ava --timeout=60m test/races/*.test.ts
import { randomInt } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import { type Agent, createAgent } from '../_agent.ts';
import { type Nodes, startNodes } from '../_nodes.ts';
import {
  authorize,
  basic,
  encode,
  eventually,
  type Params,
  redeem,
  type TestClient,
  VERIFIER,
} from '../_protocol.ts';
import { openStartingLine, type RaceRequest } from './_last-byte.ts';
import type { RaceAnswer } from './_response-reader.ts';
import { createRandom, type Random } from './_seeded-random.ts';

/** Requests in one race: eight to each node. */
export const LANES = 24;
const DEFAULT_ROUNDS = 1000;

export interface RaceCourse {
  nodes: Nodes;
  random: Random;
  /** Signed in as the first account, for a client (console) that no race uses. */
  agent: Agent;
  /** Which share of all rounds a test runs. */
  rounds(share: number): number;
  /** Sends all at the same moment; a single request is sent by everybody. */
  race(requests: RaceRequest | RaceRequest[]): Promise<RaceAnswer[]>;
  /** A fresh code of the signed-in person. */
  code(client: TestClient, scope: string): Promise<string>;
  /** Tokens of the signed-in person. */
  tokens(client: TestClient, scope: string): Promise<Record<string, unknown>>;
  /** Ends the nodes as an operator does and answers how often the database saw a deadlock. */
  countDeadlocks(): Promise<number>;
  close(): Promise<void>;
}

/** Starts everything and signs the person in. */
export async function openRaceCourse(): Promise<RaceCourse> {
  const nodes = await startNodes({ count: 3 });
  const line = openStartingLine({
    ports: nodes.nodes.map(({ port }) => port),
    lanes: LANES,
    host: new URL(nodes.issuer).host,
  });
  const agent = createAgent(nodes.issuer);
  const random = createRandom(Number(process.env['GATEHOUSE_RACE_SEED'] ?? randomInt(2 ** 32 - 1)));
  const all = Number(process.env['GATEHOUSE_RACE_ROUNDS'] ?? DEFAULT_ROUNDS);
  const course: RaceCourse = {
    nodes,
    agent,
    random,
    rounds: (share) => Math.ceil(all * share),
    race(requests) {
      const list = Array.isArray(requests) ? requests : Array<RaceRequest>(LANES).fill(requests);
      return line.race(list, random.order(list.length));
    },
    async code(client, scope) {
      const given = await authorize(nodes, client, { scope }, { agent });
      const code = given.get('code');
      if (!code) throw new Error(`no code: ${given}`);
      return code;
    },
    async tokens(client, scope) {
      const answer = await redeem(nodes, client, await course.code(client, scope));
      if (answer.status !== 200) throw new Error(`no tokens: ${answer.text}`);
      return answer.body;
    },
    async countDeadlocks() {
      await Promise.all(nodes.nodes.map((node) => node.process.stop('SIGTERM')));
      return deadlocks(nodes);
    },
    async close() {
      line.close();
      await nodes.stop();
    },
  };
  await authorize(nodes, nodes.client('console'), {}, { agent });
  return course;
}

// A backend hands its counters over when it ends, if not before.
async function deadlocks({ db }: Nodes): Promise<number> {
  const read = async () => {
    const { rows } = await db.knex.raw(
      `SELECT deadlocks::int, (SELECT count(*)::int FROM pg_stat_activity AS other
         WHERE other.datname = this.datname AND other.pid <> pg_backend_pid()
           AND other.application_name <> current_setting('application_name')) AS others
       FROM pg_stat_database AS this WHERE datname = current_database()`,
    );
    return rows[0];
  };
  const { deadlocks: seen } = await eventually(read, ({ others }) => others === 0);
  return seen;
}

/** A token request, authenticated like `requestToken` of _protocol.ts. */
export function tokenRequest(client: TestClient, params: Params): RaceRequest {
  return client.client_secret
    ? { path: '/token', headers: basic(client), body: encode(params) }
    : { path: '/token', body: encode({ client_id: client.client_id, ...params }) };
}

/** The exchange of a code. */
export function codeRequest(client: TestClient, code: string): RaceRequest {
  const [redirect_uri] = client.redirect_uris;
  const grant_type = 'authorization_code';
  return tokenRequest(client, { grant_type, code, redirect_uri, code_verifier: VERIFIER });
}

/** The use of a refresh token. */
export function refreshRequest(client: TestClient, refresh_token: string): RaceRequest {
  return tokenRequest(client, { grant_type: 'refresh_token', refresh_token });
}

/** Counts answers by status and error. */
export function tally(answers: RaceAnswer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const answer of answers) {
    const what = `${answer.status} ${errorOf(answer)}`.trimEnd();
    counts[what] = (counts[what] ?? 0) + 1;
  }
  return counts;
}

/** The error of an answer, in its JSON or in its redirect; a page names it in its text. */
function errorOf({ headers, text }: RaceAnswer): string {
  const redirect = /[?&]error=(\w+)/.exec(headers.get('Location') ?? '')?.[1];
  return redirect ?? /"error":"(\w+)"/.exec(text)?.[1] ?? '';
}

/** The bodies of the answers that hold tokens. */
export function successes(answers: RaceAnswer[]): Record<string, unknown>[] {
  return answers
    .filter(({ status, text }) => status === 200 && text.includes('"access_token"'))
    .map(({ text }) => JSON.parse(text));
}

/** The codes in redirects. */
export function codesOf(answers: RaceAnswer[]): string[] {
  return answers.flatMap(
    ({ headers }) => /[?&]code=([^&]+)/.exec(headers.get('Location') ?? '')?.[1] ?? [],
  );
}

/** Asserts that no answer is the server's own fault. */
export function assertNoFault(t: ExecutionContext, answers: RaceAnswer[], message: string): void {
  const faults = answers.filter(({ status }) => status >= 500);
  t.deepEqual(
    faults.map(({ status, text }) => `${status} ${text.slice(0, 300)}`),
    [],
    message,
  );
}
