// A migrated database of its own, seeded like the demo, and the secrets of the servers that run on it.
import { randomBytes } from 'node:crypto';
import { createPasswords } from '../src/accounts/passwords/passwords.ts';
import type { RegistrationDeps } from '../src/applications/registration/register-client.ts';
import type { Api } from '../src/catalog/apis.ts';
import type { Secrets } from '../src/config.ts';
import type { DemoAccount, DemoClient } from '../src/demo/demo-file.ts';
import { seedAccounts, seedApis, seedClients } from '../src/demo/seed.ts';
import { createMetadataValidator } from '../src/oidc/metadata-validator.ts';
import { type Database, openDatabase } from '../src/storage/database.ts';
import { createTestDatabase, type TestDatabaseOptions } from './_database.ts';

export interface Installation {
  databaseUrl: string;
  secrets: Secrets;
  /** Where the seeded clients' redirect URIs point; nothing listens there. */
  portalUrl: string;
  db: Database;
  accounts: DemoAccount[];
  apis: Api[];
  registration: RegistrationDeps;
  /** The seeded client of a kind, as in demo.json. */
  client(kind: string): DemoClient;
  remove(): Promise<void>;
}

/** What a client of a running server needs to know, in this process or in several. */
export interface Server extends Omit<Installation, 'remove'> {
  issuer: string;
}

/** Creates the installation. */
export async function createInstallation(options: TestDatabaseOptions = {}): Promise<Installation> {
  const database = await createTestDatabase(options);
  const db = openDatabase({ url: database.url, name: `gatehouse:${process.pid}` });
  const secret = () => randomBytes(32);
  const secrets: Secrets = {
    cookieKeys: [secret().toString('base64url')],
    encryptionKeys: [secret()],
    passwordPeppers: [secret()],
    hashKeys: [secret()],
  };
  const portalUrl = 'http://127.0.0.1:9';
  const { hashKeys } = secrets;
  const registration = { db, validate: await createMetadataValidator(), hashKeys };
  const passwords = await createPasswords({ peppers: secrets.passwordPeppers });
  const accounts = await seedAccounts(db, passwords);
  const apis = await seedApis(db);
  const clients = await seedClients(registration, apis, portalUrl);
  return {
    databaseUrl: database.url,
    secrets,
    portalUrl,
    db,
    accounts,
    apis,
    registration,
    client(kind) {
      const found = clients.find((client) => client.kind === kind);
      if (!found) throw new Error(`no seeded client of kind ${kind}`);
      return found;
    },
    async remove() {
      await db.close();
      await database.drop();
    },
  };
}
