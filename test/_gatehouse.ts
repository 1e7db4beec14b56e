// A whole Gatehouse on a free port with a database of its own, seeded like the demo.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPasswords } from '../src/accounts/password.ts';
import { createApp } from '../src/app.ts';
import type { Api } from '../src/catalog/apis.ts';
import type { ServerConfig } from '../src/config.ts';
import type { DemoAccount, DemoClient } from '../src/demo/demo-file.ts';
import { seedAccounts, seedApis, seedClients } from '../src/demo/seed.ts';
import { createLogger } from '../src/observability/logger.ts';
import { createMetadataValidator } from '../src/oidc/metadata-validator.ts';
import type { RegistrationDeps } from '../src/oidc/register-client.ts';
import { type Database, openDatabase } from '../src/storage/database.ts';
import { createTestDatabase } from './_database.ts';

export interface Gatehouse {
  issuer: string;
  /** Where the seeded clients' redirect URIs point; nothing listens there. */
  portalUrl: string;
  db: Database;
  config: ServerConfig;
  accounts: DemoAccount[];
  apis: Api[];
  registration: RegistrationDeps;
  /** The seeded client of a kind, as in demo.json. */
  client(kind: string): DemoClient;
  /** The log lines written so far, one JSON text each. */
  log: string[];
  stop(): Promise<void>;
}

/** Starts the server; `config` overrides single settings. */
export async function startGatehouse(overrides: Partial<ServerConfig> = {}): Promise<Gatehouse> {
  const database = await createTestDatabase();
  const db = openDatabase({ url: database.url, name: `gatehouse:${process.pid}` });
  const secret = () => randomBytes(32);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const config: ServerConfig = {
    mode: 'production',
    issuer: `http://127.0.0.1:${port}`,
    host: '127.0.0.1',
    port,
    databaseUrl: database.url,
    secrets: {
      cookieKeys: [secret().toString('base64url')],
      encryptionKeys: [secret()],
      passwordPeppers: [secret()],
      hashKeys: [secret()],
    },
    trustedProxies: [],
    logLevel: 'info',
    rateLimits: false,
    productName: 'Gatehouse',
    ...overrides,
  };
  const portalUrl = 'http://127.0.0.1:9';
  const registration = {
    db,
    validate: await createMetadataValidator(),
    hashKeys: config.secrets.hashKeys,
  };
  const passwords = await createPasswords({ peppers: config.secrets.passwordPeppers });
  const accounts = await seedAccounts(db, passwords);
  const apis = await seedApis(db);
  const clients = await seedClients(registration, apis, portalUrl);

  const log: string[] = [];
  const logger = createLogger(
    { level: config.logLevel, name: 'gatehouse' },
    { write: (line) => void log.push(line) },
  );
  const app = await createApp({ config, db, logger, hostAliases: [], demo: undefined });
  const handle = app.koa.callback();
  server.on('request', (req, res) => void handle(req, res));

  return {
    issuer: config.issuer,
    portalUrl,
    db,
    config,
    accounts,
    apis,
    registration,
    log,
    client(kind) {
      const found = clients.find((client) => client.kind === kind);
      if (!found) throw new Error(`no seeded client of kind ${kind}`);
      return found;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await app.close();
      await db.close();
      await database.drop();
    },
  };
}
