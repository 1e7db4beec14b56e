// Several real server processes on one database, behind a balancer that holds the issuer's port.
import { once } from 'node:events';
import { type AddressInfo, type Server as Balancer, connect, createServer } from 'node:net';
import type { TestDatabaseOptions } from './_database.ts';
import { createInstallation, type Installation, type Server } from './_installation.ts';
import { freePorts, type GatehouseProcess, run } from './_process.ts';

export interface Node {
  /** Where this very node listens; the Host header must still name the issuer. */
  port: number;
  process: GatehouseProcess;
  /** Starts it again after it was stopped or killed, with what changed in its environment. */
  restart(changes?: Record<string, string>): Promise<void>;
}

/** Its `issuer` is the balancer: each connection goes to the next node that accepts it. */
export interface Nodes extends Server {
  nodes: Node[];
  stop(): Promise<void>;
}

export interface NodesOptions extends TestDatabaseOptions {
  count: number;
  /** The database URL that a node is given instead of the true one, such as a proxy's. */
  databaseUrl?: (trueUrl: string, index: number) => string;
  /** The DATABASE_DIRECT_URL of each node; none unless given. */
  directUrl?: (trueUrl: string) => string;
  /** Further variables of each node. */
  environment?: Record<string, string>;
}

/** Starts the nodes in production mode and waits until each is ready. */
export async function startNodes(options: NodesOptions): Promise<Nodes> {
  const installation = await createInstallation(options);
  const balancer = createServer();
  balancer.listen(0, '127.0.0.1');
  await once(balancer, 'listening');
  const issuer = `http://127.0.0.1:${(balancer.address() as AddressInfo).port}`;
  const first = await freePorts(options.count);
  const nodes: Node[] = [];
  const stop = async () => {
    balancer.close();
    await Promise.all(nodes.map((node) => node.process.stop('SIGKILL')));
    await installation.remove();
  };
  try {
    for (let index = 0; index < options.count; index += 1) {
      const { databaseUrl } = installation;
      const node = await startNode(first + index, {
        ...environmentOf(installation, issuer),
        ...options.environment,
        DATABASE_URL: options.databaseUrl?.(databaseUrl, index) ?? databaseUrl,
        DATABASE_DIRECT_URL: options.directUrl?.(databaseUrl) ?? '',
      });
      nodes.push(node);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  balance(balancer, nodes);
  return { ...installation, issuer, nodes, stop };
}

async function startNode(port: number, environment: Record<string, string>): Promise<Node> {
  const start = async (changes: Record<string, string> = {}) => {
    const started = run({ ...environment, ...changes, GATEHOUSE_PORT: String(port) });
    await started.says('"ready"');
    return started;
  };
  const node: Node = {
    port,
    process: await start(),
    async restart(changes) {
      node.process = await start(changes);
    },
  };
  return node;
}

function environmentOf({ secrets }: Installation, issuer: string): Record<string, string> {
  const list = (keys: Buffer[]) => keys.map((key) => key.toString('base64url')).join(',');
  return {
    GATEHOUSE_ISSUER: issuer,
    // Tests sign in many times at once; those that are about CAPTCHA say so.
    GATEHOUSE_CAPTCHA: 'off',
    // And fetch many tokens; those that are about limits say so, too.
    GATEHOUSE_TOKENS_PER_MINUTE: '0',
    GATEHOUSE_OWNER_TOKENS_PER_MINUTE: '0',
    GATEHOUSE_COOKIE_KEYS: secrets.cookieKeys.join(','),
    GATEHOUSE_ENCRYPTION_KEYS: list(secrets.encryptionKeys),
    GATEHOUSE_PASSWORD_PEPPERS: list(secrets.passwordPeppers),
    GATEHOUSE_HASH_KEYS: list(secrets.hashKeys),
  };
}

function balance(balancer: Balancer, nodes: Node[]): void {
  let turn = 0;
  balancer.on('connection', (incoming) => {
    incoming.on('error', () => undefined);
    const attempt = (left: number) => {
      const node = nodes[turn % nodes.length];
      turn += 1;
      if (!node || left === 0) {
        incoming.destroy();
        return;
      }
      const outgoing = connect(node.port, '127.0.0.1');
      outgoing.once('connect', () => {
        outgoing.removeAllListeners('error');
        outgoing.on('error', () => incoming.destroy());
        incoming.on('close', () => outgoing.destroy());
        outgoing.on('close', () => incoming.destroy());
        incoming.pipe(outgoing).pipe(incoming);
      });
      // A node that is down does not answer for the others.
      outgoing.once('error', () => attempt(left - 1));
    };
    attempt(nodes.length);
  });
}
