// The demo's connectors: Microsoft, Google, GitHub and Apple, each set up for its stand-in.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSettings } from '../federation/connectors.ts';
import { findConnector, insertConnector, moveConnector } from '../storage/connectors.ts';
import type { Database } from '../storage/database.ts';
import { findFreePort } from '../storage/embedded/free-port.ts';
import type { DemoStandIn } from './demo-file.ts';
import { APPLE_KEY, APPLE_TEAM, STAND_INS, type StandIn } from './stand-ins/catalogue.ts';
import { CONTOSO_TENANT } from './stand-ins/people.ts';

interface Place {
  dataDir: string;
  /** The demo's own. */
  port: number;
}

/**
 * Adds the connectors at the first start; later they follow the stand-ins and the data directory.
 * What somebody changed about them, or deleted, stays so.
 */
export async function settleConnectors(
  db: Database,
  { existing, ...place }: Place & { existing: DemoStandIn[] | undefined },
): Promise<DemoStandIn[]> {
  const settled: DemoStandIn[] = [];
  for (const [index, standIn] of STAND_INS.entries()) {
    // Beside the demo's own, so that people guess it; where another program listens, anywhere else.
    const port = await findFreePort(place.port + 3 + index);
    settled.push(describe(standIn, port, place.dataDir));
  }
  for (const now of settled) {
    const before = existing?.find(({ connector }) => connector === now.connector);
    if (before) await follow(db, before, now);
    else await seedConnector(db, now);
  }
  return settled;
}

function describe({ id, name }: StandIn, port: number, dataDir: string): DemoStandIn {
  const path = join(dataDir, 'connectors', `${id}.secret`);
  mkdirSync(join(dataDir, 'connectors'), { recursive: true, mode: 0o700 });
  if (!existsSync(path)) writeFileSync(path, `${makeSecret(id)}\n`, { mode: 0o600 });
  // Another host name than the server's: another site, as the real ones are.
  const url = `http://localhost:${port}`;
  return { connector: id, name, url, secret: `file:${path}` };
}

// Apple's clients sign with a key of theirs.
function makeSecret(id: StandIn['id']): string {
  if (id !== 'apple') return randomBytes(32).toString('base64url');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trim();
}

async function seedConnector(db: Database, standIn: DemoStandIn): Promise<void> {
  const { connector: id, name } = standIn;
  // Somebody was faster, and has set up the real one.
  if (await findConnector(db, id)) return;
  const { kind, ...own } = ownSettings(standIn);
  const settings = { ...own, private_network: true };
  parseSettings(kind, settings);
  await insertConnector(db, { id, kind, name: `${name} (stand-in)`, settings });
}

function ownSettings({ connector, url, secret }: DemoStandIn) {
  const client_id = STAND_INS.find(({ id }) => id === connector)?.clientId;
  switch (connector) {
    case 'microsoft': {
      const place = { tenant: CONTOSO_TENANT, authority: url };
      return { kind: 'entra', client_id, client_secret: secret, ...place };
    }
    case 'google':
      return { kind: 'google', client_id, client_secret: secret, issuer: url };
    case 'github': {
      const place = { base_url: url, api_url: url };
      // Of a server of one's own nothing is known; the people of this one are ours.
      return {
        kind: 'github',
        client_id,
        client_secret: secret,
        ...place,
        email_trust: 'verified',
      };
    }
    case 'apple': {
      const key = { private_key: secret, team_id: APPLE_TEAM, key_id: APPLE_KEY };
      return { kind: 'apple', client_id, issuer: url, ...key };
    }
  }
}

async function follow(db: Database, before: DemoStandIn, now: DemoStandIn): Promise<void> {
  for (const member of ['url', 'secret'] as const) {
    const [from, to] = [before[member], now[member]];
    if (from !== to) await moveConnector(db, now.connector, { from, to });
  }
}
