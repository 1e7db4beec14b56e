// The launcher's own connections to the embedded server: readiness, presence and who else is there.
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

export interface Connection {
  client: Client;
  close(): Promise<void>;
}

interface Target {
  port: number;
  password: string;
  applicationName: string;
}

/** Connects to the maintenance database, so that `gatehouse` stays free to be copied or dropped. */
async function connect({ port, password, applicationName }: Target): Promise<Connection> {
  const socket = new Socket();
  const client = new Client({
    host: '127.0.0.1',
    port,
    user: 'gatehouse',
    password,
    database: 'postgres',
    application_name: applicationName,
    ssl: false,
    connectionTimeoutMillis: 2000,
    stream: () => socket,
  });
  // The server may go at any time; an unheard error would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return {
    client,
    close: async () => {
      socket.ref();
      await client.end().catch(() => undefined);
    },
  };
}

function isWrongPassword(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '28P01';
}

/**
 * Connects as soon as the server lets us in. Undefined when `isAlive` says that it died.
 * Throws the last error when `giveUp` (milliseconds since 1970) has passed, at once on a wrong password.
 */
export async function connectWhenReady(
  target: Target & { isAlive: () => Promise<boolean>; giveUp: number },
): Promise<Connection | undefined> {
  for (;;) {
    try {
      return await connect(target);
    } catch (error) {
      if (!(await target.isAlive())) return undefined;
      if (isWrongPassword(error) || Date.now() > target.giveUp) throw error;
    }
    await sleep(20);
  }
}

/** Creates the database `gatehouse` if it is not there. */
export async function createDatabase({ client }: Connection): Promise<void> {
  const { rowCount } = await client.query(`SELECT 1 FROM pg_database WHERE datname = 'gatehouse'`);
  if (rowCount === 0) await client.query('CREATE DATABASE gatehouse');
}

/** Counts the connections of Gatehouse nodes, without those named `ownName`. */
export async function countNodes({
  ownName,
  ...target
}: Target & { ownName: string }): Promise<number> {
  const connection = await connect(target);
  try {
    const { rows } = await connection.client.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM pg_stat_activity
       WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
         AND application_name LIKE 'gatehouse%' AND application_name <> $1`,
      [ownName],
    );
    return rows[0]?.count ?? 0;
  } finally {
    await connection.close();
  }
}
