// <data dir>/demo.json: everything that a script needs to use the demo, secrets included (mode 0600).
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Secrets } from '../config.ts';
import { UsageError } from '../errors.ts';
import type { StandIn } from './stand-ins/catalogue.ts';

export interface DemoAccount {
  email: string;
  password: string;
  roles: string[];
}

export interface DemoApi {
  resource: string;
  audience: string;
  environment: string;
  scopes: string[];
  alg: string;
  typ: string;
}

export interface DemoClient {
  kind: string;
  client_id: string;
  client_secret?: string;
  private_jwk?: Record<string, unknown>;
  redirect_uris: string[];
  /** The type of each redirect URI, where a client has several. */
  redirect_uri_types?: Record<string, string>;
  post_logout_redirect_uris: string[];
  scopes: string[];
  origins?: string[];
}

/** A stand-in for an upstream, and the connector that leads there. */
export interface DemoStandIn {
  connector: StandIn['id'];
  name: string;
  url: string;
  /** Refers to the file that holds our secret there. */
  secret: string;
}

export interface DemoFile {
  issuer: string;
  portal_url: string;
  api_url: string;
  database_url: string;
  accounts: DemoAccount[];
  apis: DemoApi[];
  clients: DemoClient[];
  stand_ins: DemoStandIn[];
}

/** Creates the data directory, readable by its owner only. */
export function openDataDirectory(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new UsageError(
      `The data directory ${dataDir} cannot be created (${reason(cause)}): set GATEHOUSE_DATA_DIR to a place that can be written.`,
    );
  }
}

/** Reads demo.json, undefined when the demo was never set up here. */
export function readDemoFile(dataDir: string): DemoFile | undefined {
  return readJson<DemoFile>(join(dataDir, 'demo.json'));
}

/** Writes demo.json in one step: a reader sees the old file or the new one. */
export function writeDemoFile(dataDir: string, demo: DemoFile): void {
  writeJson(join(dataDir, 'demo.json'), demo);
}

type StoredSecrets = Record<keyof Secrets, string[]>;

/** Reads the secrets of this data directory, or makes them at the first start. */
export function openSecrets(dataDir: string): Secrets {
  const path = join(dataDir, 'secrets.json');
  const fresh = () => [randomBytes(32).toString('base64url')];
  const stored: StoredSecrets = readJson<StoredSecrets>(path) ?? {
    cookieKeys: fresh(),
    encryptionKeys: fresh(),
    passwordPeppers: fresh(),
    hashKeys: fresh(),
  };
  writeJson(path, stored);
  const bytes = (list: string[]) => list.map((text) => Buffer.from(text, 'base64url'));
  return {
    cookieKeys: stored.cookieKeys,
    encryptionKeys: bytes(stored.encryptionKeys),
    passwordPeppers: bytes(stored.passwordPeppers),
    hashKeys: bytes(stored.hashKeys),
  };
}

function readJson<T>(path: string): T | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new UsageError(
      `${path} cannot be read (${reason(cause)}): restore it, or remove the whole data directory to start the demo anew.`,
    );
  }
}

function writeJson(path: string, value: unknown): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
