// Demo mode: an embedded database, seeded content and the example programs, with no configuration.
import { join } from 'node:path';
import { createPasswords } from '../accounts/passwords/passwords.ts';
import type { DemoConfig, ServerConfig } from '../config.ts';
import { UsageError } from '../errors.ts';
import type { Logger } from '../observability/logger.ts';
import { createMetadataValidator } from '../oidc/metadata-validator.ts';
import { type Api, listApis } from '../storage/apis.ts';
import type { Database } from '../storage/database.ts';
import { openEmbeddedDatabase } from '../storage/embedded/embedded-database.ts';
import {
  findInstallation,
  recordInstallation,
  setInstallationIssuer,
} from '../storage/installation.ts';
import { runInUnitOfWork } from '../storage/unit-of-work.ts';
import {
  type DemoFile,
  openDataDirectory,
  openSecrets,
  readDemoFile,
  writeDemoFile,
} from './demo-file.ts';
import { describeApi, moveClients, seedAccounts, seedApis, seedClients } from './seed.ts';
import { settleConnectors } from './seed-connectors.ts';
import { describeDemoApis, seedProducts } from './seed-products.ts';

export interface DemoDatabase {
  url: string;
  stop(): Promise<void>;
}

/** Opens the demo's database: the given one, or the embedded PostgreSQL of the data directory. */
export async function openDemoDatabase(config: DemoConfig, logger: Logger): Promise<DemoDatabase> {
  openDataDirectory(config.dataDir);
  if (config.databaseUrl) return { url: config.databaseUrl, stop: async () => undefined };
  const log = (message: string) => logger.debug(message);
  return openEmbeddedDatabase({ dataDir: config.dataDir, log });
}

/**
 * Completes the configuration and seeds what is missing.
 * `primary` is false when another process already serves this data directory's issuer.
 */
export async function prepareDemo(
  config: DemoConfig,
  db: Database,
  databaseUrl: string,
): Promise<{ server: ServerConfig; demo: DemoFile; primary: boolean }> {
  const secrets = openSecrets(config.dataDir);
  const existing = readDemoFile(config.dataDir);
  const address = `http://127.0.0.1:${config.port}`;
  const joins = existing && existing.issuer !== address && (await isAlive(existing.issuer));
  const issuer = joins ? existing.issuer : address;
  const server: ServerConfig = {
    mode: 'demo',
    issuer,
    host: '127.0.0.1',
    port: config.port,
    databaseUrl,
    databaseDirectUrl: databaseUrl,
    metricsPort: config.metricsPort,
    secrets,
    trustedProxies: [],
    logLevel: config.logLevel,
    rateLimits: config.rateLimits,
    tokenLimits: config.tokenLimits,
    productName: config.productName,
    keyTimes: config.keyTimes,
    erasureDays: config.erasureDays,
    maxApplications: config.maxApplications,
    mail: config.mail,
    signUp: config.signUp,
    captcha: config.captcha,
    passwords: config.passwords,
  };
  if (joins) return { server, demo: existing, primary: false };
  const demo = await runInUnitOfWork(db.knex, async (unit) => {
    try {
      const content = await seedOrMove(server, db, existing);
      const stand_ins = await settleConnectors(db, {
        ...{ dataDir: config.dataDir, port: config.port },
        // Demos of before have none.
        existing: existing?.stand_ins,
      });
      const seeded = { ...content, stand_ins };
      // Before the commit: a crash in between leaves a file without a seed, which the next start replaces.
      writeDemoFile(config.dataDir, seeded);
      await unit.commit();
      return seeded;
    } catch (error) {
      await unit.rollback();
      throw error;
    }
  });
  return { server, demo, primary: true };
}

async function seedOrMove(
  server: ServerConfig,
  db: Database,
  existing: DemoFile | undefined,
): Promise<Omit<DemoFile, 'stand_ins'>> {
  const urls = demoUrls(server);
  const installation = await findInstallation(db);
  if (!installation) return seed(server, db, urls);
  if (installation.mode === 'production')
    throw new UsageError(
      'This database belongs to a production server: the demo does not touch it.',
    );
  if (!existing) {
    throw new UsageError(
      'This database holds a demo whose demo.json is in another data directory: set GATEHOUSE_DATA_DIR to it, or use an empty database.',
    );
  }
  if (installation.issuer === server.issuer) return { ...existing, ...urls };
  const apis = await listApis(db);
  await describeDemoApis(db, demoApis(apis, existing), urls.api_url);
  const clients = await moveClients(db, existing.clients, apis, urls.portal_url);
  await setInstallationIssuer(db, server.issuer);
  return { ...existing, ...urls, clients };
}

async function seed(
  server: ServerConfig,
  db: Database,
  urls: ReturnType<typeof demoUrls>,
): Promise<Omit<DemoFile, 'stand_ins'>> {
  const { secrets } = server;
  const passwords = await createPasswords({ peppers: secrets.passwordPeppers });
  const accounts = await seedAccounts(db, passwords);
  const apis = await seedApis(db);
  const deps = { db, validate: await createMetadataValidator(), hashKeys: secrets.hashKeys };
  const clients = await seedClients(deps, apis, urls.portal_url);
  await describeDemoApis(db, await listApis(db), urls.api_url);
  await seedProducts(db, apis);
  await recordInstallation(db, { mode: 'demo', issuer: server.issuer });
  return { ...urls, accounts, apis: apis.map(describeApi), clients };
}

// An operator may have registered others.
function demoApis(apis: Api[], { apis: seeded }: DemoFile): Api[] {
  return apis.filter((api) => seeded.some(({ resource }) => resource === api.resource));
}

function demoUrls(server: ServerConfig) {
  return {
    issuer: server.issuer,
    portal_url: `http://127.0.0.1:${server.port + 1}`,
    api_url: `http://127.0.0.1:${server.port + 2}`,
    database_url: server.databaseUrl,
  };
}

// A node of the same data directory answers /livez under our own name.
async function isAlive(issuer: string): Promise<boolean> {
  try {
    const response = await fetch(`${issuer}/livez`, { signal: AbortSignal.timeout(1000) });
    const body: unknown = await response.json();
    return JSON.stringify(body).includes('"service":"gatehouse"');
  } catch {
    return false;
  }
}

/** Where demo.json lies. */
export function demoFilePath(config: DemoConfig): string {
  return join(config.dataDir, 'demo.json');
}
