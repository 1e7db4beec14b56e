// A whole Gatehouse on a free port of this process, with an installation of its own.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from '../src/app.ts';
import type { ServerConfig } from '../src/config.ts';
import { createUpstreams, type Upstreams } from '../src/federation/upstreams/upstreams.ts';
import { createLogger } from '../src/observability/logger.ts';
import { createInstallation, type Server } from './_installation.ts';
import { APPLE_PRIVATE_KEY } from './federation/upstreams/_apple.ts';
import { CLIENT_SECRET } from './federation/upstreams/_authorization-server.ts';
import { type FakeUpstream, routeTo } from './federation/upstreams/_fake.ts';

export interface Gatehouse extends Server {
  config: ServerConfig;
  upstreams: Upstreams;
  /** The log lines written so far, one JSON text each. */
  log: string[];
  stop(): Promise<void>;
}

/** Starts the server; `overrides` are single settings, and `fakes` answer for the world outside. */
export async function startGatehouse(
  overrides: Partial<ServerConfig> = {},
  fakes: FakeUpstream[] = [],
): Promise<Gatehouse> {
  const installation = await createInstallation();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const config: ServerConfig = {
    mode: 'production',
    issuer: `http://127.0.0.1:${port}`,
    host: '127.0.0.1',
    port,
    databaseUrl: installation.databaseUrl,
    databaseDirectUrl: installation.databaseUrl,
    metricsPort: undefined,
    secrets: installation.secrets,
    trustedProxies: [],
    logLevel: 'info',
    rateLimits: false,
    tokenLimits: { clientPerMinute: 0, ownerPerMinute: 0 },
    productName: 'Gatehouse',
    erasureDays: 30,
    maxApplications: 20,
    keyTimes: {
      jwksCacheSeconds: 300,
      publishSeconds: 86_400,
      keepSeconds: 90_000,
      rotationSeconds: 90 * 86_400,
    },
    mail: { kind: 'mailbox' },
    passwords: { minLength: 15, breachUrl: undefined },
    captcha: { kinds: [], siteKey: '', secret: '', verifyUrl: undefined },
    signUp: { mode: 'open', domains: [], passwords: true },
    ...overrides,
  };
  const log: string[] = [];
  const logger = createLogger(
    { level: config.logLevel, name: 'gatehouse' },
    { write: (line) => void log.push(line) },
  );
  const { db } = installation;
  const fetch = routeTo(fakes);
  const upstreams = createUpstreams({
    ...{ issuer: config.issuer, insecure: true },
    readSecret: (reference) => (reference.endsWith('.p8') ? APPLE_PRIVATE_KEY : CLIENT_SECRET),
    fetchFor: () => fetch,
  });
  const app = await createApp({
    ...{ config, db, logger, hostAliases: [], demo: undefined, upstreams },
  });
  const handle = app.koa.callback();
  server.on('request', (req, res) => void handle(req, res));

  return {
    ...installation,
    issuer: config.issuer,
    config,
    upstreams,
    log,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await app.close();
      await installation.remove();
    },
  };
}
