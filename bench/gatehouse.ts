// Starts Gatehouse as in production: real processes on one PostgreSQL whose commits are on disk.
import type { ChildProcess } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { insertApi, listApis } from '../src/storage/apis.ts';
import { type Database, openDatabase } from '../src/storage/database.ts';
import { startNodes } from '../test/_nodes.ts';
import { addClient } from '../test/_protocol.ts';
import { basic, tokenForm } from './requests.ts';
import {
  ALGORITHMS,
  API_SCOPE,
  type Clients,
  REDIRECT_URI,
  resourceOf,
  TOKEN_SECONDS,
} from './scenario.ts';
import { connect, type Target } from './target.ts';

export interface Gatehouse extends Target {
  /** Without time limits: clients are made by the hundred thousand. */
  db: Database;
  hashKey: Buffer;
}

export interface GatehouseOptions {
  count: number;
  /** What a process is told instead of the database's URL, by its number. */
  databaseUrl?: (trueUrl: string, index: number) => string;
  environment?: Record<string, string>;
}

/** Starts the processes and waits until each signs with every algorithm. */
export async function startGatehouse(options: GatehouseOptions): Promise<Gatehouse> {
  const nodes = await startNodes({
    durable: true,
    ...options,
    // Each virtual person has a network of their own, or sign-ins would be throttled.
    environment: {
      GATEHOUSE_TRUSTED_PROXIES: '127.0.0.1',
      // Counted, and never reached.
      GATEHOUSE_TOKENS_PER_MINUTE: '1000000',
      GATEHOUSE_OWNER_TOKENS_PER_MINUTE: '1000000',
      ...options.environment,
    },
  });
  for (const { process } of nodes.nodes) ignoreOutput(process.child);
  const [hashKey] = nodes.secrets.hashKeys;
  const [person] = nodes.accounts;
  if (!hashKey || !person) throw new Error('the installation is not seeded');
  const db = openDatabase({ url: nodes.databaseUrl, name: 'bench', patient: true });
  const target: Gatehouse = {
    name: 'gatehouse',
    issuer: nodes.issuer,
    person,
    clients: await createClients(nodes),
    processes: nodes.nodes.map(({ port }) => connect(port, nodes.issuer)),
    db,
    hashKey,
    async stop() {
      await Promise.all(target.processes.map(({ close }) => close()));
      await Promise.all(nodes.nodes.map((node) => node.process.stop('SIGTERM')));
      await db.close();
      await nodes.stop();
    },
  };
  await expectSigners(target);
  return target;
}

// Their logs are written as in production, but reading them must not be what is measured.
function ignoreOutput({ stdout, stderr }: ChildProcess): void {
  for (const stream of [stdout, stderr]) stream?.removeAllListeners('data').resume();
}

async function createClients(nodes: Parameters<typeof addClient>[0]): Promise<Clients> {
  for (const alg of ALGORITHMS)
    await insertApi(nodes.db, {
      name: `Orders, ${alg}`,
      environment: 'production',
      resource: resourceOf(alg),
      audience: resourceOf(alg),
      alg,
      typ: 'at+jwt',
      tokenLifetime: TOKEN_SECONDS,
      claims: [],
      scopes: [{ name: API_SCOPE, description: 'See orders' }],
    });
  const resources: string[] = ALGORITHMS.map(resourceOf);
  const apis = (await listApis(nodes.db)).filter(({ resource }) => resources.includes(resource));
  const entitlements = apis.map((api) => ({ api, scopes: [API_SCOPE] }));
  const add = async (kind: 'machine' | 'web' | 'spa') => {
    const type = kind === 'spa' ? 'spa' : 'web';
    const redirectUris = kind === 'machine' ? [] : [{ uri: REDIRECT_URI, type } as const];
    const client = await addClient(nodes, { kind, entitlements, redirectUris });
    return { id: client.client_id, secret: client.client_secret };
  };
  return { machine: await add('machine'), web: await add('web'), spa: await add('spa') };
}

const PATIENCE_MS = 30_000;

// The first key of an algorithm waits until every process publishes it.
async function expectSigners({ processes, clients }: Target): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (const process of processes)
    for (const alg of ALGORITHMS) {
      const ask = () =>
        process.request('/token', {
          headers: basic(clients.machine),
          form: tokenForm.clientCredentials(alg),
        });
      for (let answer = await ask(); answer.status !== 200; answer = await ask()) {
        if (Date.now() > deadline) throw new Error(`no ${alg} token: ${answer.text}`);
        await setTimeout(200);
      }
    }
}
