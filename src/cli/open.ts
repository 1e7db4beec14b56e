// How every command reaches its database: the configuration decides, and what was opened is closed.

import type { PasswordRules } from '../accounts/passwords/policy.ts';
import type { KeyTimes } from '../config/key-times.ts';
import type { MailConfig } from '../config/mail.ts';
import type { SignUpConfig } from '../config/sign-up.ts';
import { type Config, type DemoConfig, readConfig, type Secrets } from '../config.ts';
import { openSecrets, readDemoFile } from '../demo/demo-file.ts';
import { UsageError } from '../errors.ts';
import { createLogger } from '../observability/logger.ts';
import { type Database, expectReachable, openDatabase } from '../storage/database.ts';
import { applicationName } from '../storage/embedded/embedded-database.ts';
import { findInstallation } from '../storage/installation.ts';
import { listSigningKeys } from '../storage/signing-keys.ts';
import { runInUnitOfWork } from '../storage/unit-of-work.ts';
import { expectMigrated, expectMode } from './preconditions.ts';

/** Who did it, as the audit trail says of what these commands change. */
export const OPERATOR = 'command line';

export interface Installation {
  db: Database;
  issuer: string;
  /** The server's own secrets. Throws a UsageError when those of the environment are others. */
  secrets(): Promise<Secrets>;
  keyTimes: KeyTimes;
  /** Days from the deletion of an account to its erasure. */
  erasureDays: number;
  signUp: SignUpConfig;
  /** undefined: no mail can be sent. */
  mail: MailConfig | undefined;
  /** What new passwords must be. */
  passwordRules: PasswordRules;
}

/**
 * Runs `work` on the installation that the environment names, in one transaction: what it changed
 * is committed when this returns, so print results then.
 * Throws a UsageError when that is not set up, not migrated, or not for this mode.
 */
export function withInstallation<T>(work: (installation: Installation) => Promise<T>): Promise<T> {
  const config = readConfig();
  const issuer = issuerOf(config);
  return withDatabase(config, async (db) => {
    await expectMigrated(db);
    await expectInstalled(db, config);
    const secrets = () => ownSecrets(db, config);
    return runInUnitOfWork(db.knex, async (unit) => {
      try {
        const result = await work({
          db,
          issuer,
          secrets,
          keyTimes: config.keyTimes,
          erasureDays: config.erasureDays,
          signUp: config.signUp,
          mail: config.mail,
          passwordRules: {
            productName: config.productName,
            minLength: config.passwords.minLength,
          },
        });
        await unit.commit();
        return result;
      } catch (error) {
        await unit.rollback().catch(() => undefined);
        throw error;
      }
    });
  });
}

/**
 * Runs `work` on the database of the configuration, whatever is in it, and closes it. `url` reaches
 * it without a pooler, where that can be.
 */
export async function withDatabase<T>(
  config: Config,
  work: (db: Database, url: string) => Promise<T>,
): Promise<T> {
  const server = await openServer(config);
  const db = openDatabase({ url: server.url, name: applicationName() });
  try {
    await expectReachable(db);
    return await work(db, server.directUrl);
  } finally {
    await db.close();
    await server.stop();
  }
}

function issuerOf(config: Config): string {
  if (config.mode === 'production') return config.issuer;
  const demo = readDemoFile(config.dataDir);
  if (!demo) throw notSetUp(config);
  return demo.issuer;
}

async function openServer(config: Config) {
  if (config.mode === 'production') {
    const { databaseUrl: url, databaseDirectUrl: directUrl } = config;
    return { url, directUrl, stop: async () => undefined };
  }
  // Loaded only here: it brings the whole server, and most commands are done before that.
  const { openDemoDatabase } = await import('../demo/start.ts');
  const onStandardError = { write: (line: string) => void process.stderr.write(line) };
  const logger = createLogger({ level: config.logLevel, name: 'gatehouse' }, onStandardError);
  const { url, stop } = await openDemoDatabase(config, logger);
  return { url, directUrl: url, stop };
}

async function expectInstalled(db: Database, config: Config): Promise<void> {
  const installed = await findInstallation(db);
  if (config.mode === 'demo' && !installed) throw notSetUp(config);
  if (installed) expectMode(config.mode, installed.mode);
}

function notSetUp({ dataDir }: DemoConfig): UsageError {
  return new UsageError(
    `There is no demo in ${dataDir} yet: run \`npm start\` once. For a production server, set GATEHOUSE_ISSUER, DATABASE_URL and its secrets.`,
  );
}

// A client or password made under other secrets would never be accepted by the server.
async function ownSecrets(db: Database, config: Config): Promise<Secrets> {
  const secrets = config.mode === 'demo' ? openSecrets(config.dataDir) : config.secrets;
  const { openPrivateJwk } = await import('../oidc/keys/private-jwk.ts');
  try {
    for (const row of await listSigningKeys(db)) openPrivateJwk(row, secrets.encryptionKeys);
  } catch (cause) {
    throw new UsageError(
      'These secrets are not the ones of the server: GATEHOUSE_ENCRYPTION_KEYS does not decrypt its signing keys. Take all four from the same place as the server does.',
      { cause },
    );
  }
  return secrets;
}
