// serve: start the server, say where it is, and stop it without dropping a request.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createApp } from '../app.ts';
import { type Config, createSecretReader, type DemoConfig, type ServerConfig } from '../config.ts';
import { demoBanner, nodeBanner } from '../demo/banner.ts';
import type { DemoFile } from '../demo/demo-file.ts';
import { startExamples } from '../demo/examples.ts';
import type { StandIns } from '../demo/stand-ins.ts';
import { demoFilePath, openDemoDatabase, prepareDemo } from '../demo/start.ts';
import { createFetches } from '../federation/upstreams/fetches.ts';
import { createUpstreams } from '../federation/upstreams/upstreams.ts';
import { bind, close, expectFreePort } from '../http/listening.ts';
import { createMetricsServer } from '../http/metrics-listener.ts';
import { createLogger, type Logger } from '../observability/logger.ts';
import { createMetrics } from '../observability/metrics.ts';
import { type Database, expectReachable, openDatabase } from '../storage/database.ts';
import { applicationName } from '../storage/embedded/embedded-database.ts';
import { withFileLock } from '../storage/embedded/file-lock.ts';
import { recordInstallation } from '../storage/installation.ts';
import { migrate } from '../storage/migrate.ts';
import { readGrowth } from '../storage/pruning.ts';
import { expectMigrated, expectMode } from './preconditions.ts';

export interface RunningServer {
  /** Finishes what is under way (25 s at most), then stops everything it started. */
  stop(): Promise<void>;
}

/** Starts the server of the configuration. Throws a UsageError in plain words when it cannot. */
export function serve(config: Config): Promise<RunningServer> {
  const logger = createLogger({ level: config.logLevel, name: 'gatehouse' });
  return config.mode === 'demo' ? serveDemo(config, logger) : serveProduction(config, logger);
}

async function serveProduction(config: ServerConfig, logger: Logger): Promise<RunningServer> {
  const db = openDatabase({ url: config.databaseUrl, name: applicationName() });
  try {
    await expectReachable(db);
    await expectMigrated(db);
    const { mode, issuer } = config;
    const installation = await recordInstallation(db, { mode, issuer });
    expectMode(mode, installation.mode);
    const running = await listen({ config, db, logger, demo: undefined });
    logger.info({ issuer, host: config.host, port: config.port }, 'ready');
    return stopWith([running.stop, db.close]);
  } catch (error) {
    await db.close();
    throw error;
  }
}

async function serveDemo(config: DemoConfig, logger: Logger): Promise<RunningServer> {
  // Before anything is created: a taken port is the commonest reason why a demo cannot start.
  await expectFreePort({ host: '127.0.0.1', port: config.port });
  const database = await openDemoDatabase(config, logger);
  const db = openDatabase({ url: database.url, name: applicationName() });
  const stops = [db.close, database.stop];
  try {
    // Until it listens, another process cannot see that this one is the first.
    await withFileLock(join(config.dataDir, 'start.lock'), async () => {
      await expectReachable(db);
      await migrate({ url: database.url, name: db.name });
      const { server, demo, primary } = await prepareDemo(config, db, database.url);
      const running = await listen({ config: server, db, logger, demo });
      stops.unshift(running.stop);
      if (!primary) {
        process.stdout.write(nodeBanner(demo, `http://127.0.0.1:${config.port}`));
        return;
      }
      const neighbours = await startNeighbours(demo);
      stops.unshift(neighbours.stop);
      process.stdout.write(demoBanner(demo, demoFilePath(config)));
    });
    return stopWith(stops);
  } catch (error) {
    await stopWith(stops).stop();
    throw error;
  }
}

// The example programs and the stand-ins: all of them, or none.
async function startNeighbours(demo: DemoFile): Promise<RunningServer> {
  const started = await Promise.allSettled([startExamples(demo), startStandInsOf(demo)]);
  const running = started.filter((one) => one.status === 'fulfilled');
  const neighbours = stopWith(running.map(({ value }) => value.stop));
  const failed = started.find((one) => one.status === 'rejected');
  if (!failed) return neighbours;
  await neighbours.stop();
  throw failed.reason;
}

// Loaded only here: production needs none of it.
async function startStandInsOf(demo: DemoFile): Promise<StandIns> {
  const { placesOf, startStandIns } = await import('../demo/stand-ins.ts');
  return startStandIns(placesOf(demo));
}

async function listen(options: {
  config: ServerConfig;
  db: Database;
  logger: Logger;
  demo: DemoFile | undefined;
}): Promise<RunningServer> {
  const { config, db, logger, demo } = options;
  // A server that is itself on http runs on loopback, and so do its upstreams.
  const isLocal = config.issuer.startsWith('http:');
  const upstreams = createUpstreams({
    ...{ issuer: config.issuer, readSecret: createSecretReader(), insecure: isLocal },
    fetchFor: createFetches({ privateNetwork: isLocal, insecure: isLocal }),
  });
  const metrics =
    config.metricsPort === undefined
      ? undefined
      : createMetrics({ readGrowth: () => readGrowth(db) });
  const app = await createApp({
    ...options,
    metrics,
    upstreams,
    // A further node of a demo is reached at its own port, and still speaks for the one issuer.
    hostAliases: demo ? [`127.0.0.1:${config.port}`] : [],
    demo: demo && {
      portalUrl: demo.portal_url,
      apiUrl: demo.api_url,
      standIns: demo.stand_ins.map(({ name, url }) => ({ name, url })),
      accounts: demo.accounts.map(({ email, password, roles }) => ({
        email,
        password,
        role: roles.join(', '),
      })),
    },
  });
  const handle = app.koa.callback();
  let draining = false;
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (req, res) => {
    if (draining) res.setHeader('Connection', 'close');
    void handle(req, res);
  });
  const metricsServer = metrics && createMetricsServer(metrics.read);
  try {
    await bind(server, config);
    if (metricsServer)
      await bind(metricsServer, { host: config.host, port: config.metricsPort ?? 0 });
  } catch (error) {
    await app.close();
    throw error;
  }
  const jobs = import('./background.ts').then(({ startBackgroundJobs }) =>
    startBackgroundJobs({ config, db, logger, metrics, upstreams }),
  );
  return stopWith([
    async () => {
      draining = true;
      app.drain();
      await close(server);
    },
    async () => (await jobs).stop(),
    async () => metricsServer && close(metricsServer),
    app.close,
  ]);
}

// Stops in the given order, each even when the one before it failed, and once.
function stopWith(stops: (() => Promise<unknown>)[]): RunningServer {
  let stopped: Promise<void> | undefined;
  const stopAll = async () => {
    for (const stop of stops) await stop().catch(() => undefined);
  };
  return {
    stop: () => {
      stopped ??= stopAll();
      return stopped;
    },
  };
}
