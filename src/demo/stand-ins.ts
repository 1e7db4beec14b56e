// Stand-ins for Microsoft, Google, GitHub and Apple on ports next to the demo's: an emulator of each,
// behind a front of ours.
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createEmulator } from 'emulate';
import { redirectUriOf } from '../federation/upstreams/upstreams.ts';
import { type Address, bind, close } from '../http/listening.ts';
import type { DemoFile } from './demo-file.ts';
import { STAND_INS, type StandIn, type StandInClient } from './stand-ins/catalogue.ts';
import { createFront } from './stand-ins/front.ts';
import { createIdTokens, type IdTokens } from './stand-ins/id-tokens.ts';

export interface StandIns {
  stop(): Promise<void>;
}

/** Where one stand-in is to listen, and who its client is. */
export interface StandInPlace {
  id: StandIn['id'];
  url: string;
  client: StandInClient;
}

/** The stand-ins of a demo, and our clients there. */
export function placesOf({ issuer, stand_ins }: DemoFile): StandInPlace[] {
  return stand_ins.map(({ connector, url, secret }) => ({
    ...{ id: connector, url },
    client: {
      secret: readFileSync(secret.slice('file:'.length), 'utf8').trim(),
      redirectUri: redirectUriOf(issuer, connector),
    },
  }));
}

/** Starts them. Throws a UsageError when a port was taken meanwhile; then none of them runs. */
export async function startStandIns(places: StandInPlace[]): Promise<StandIns> {
  const idTokens = await createIdTokens();
  const hidden = await findFreePorts(places.length);
  const started = await Promise.allSettled(
    places.map((place, index) => start(place, idTokens, hidden[index] ?? 0)),
  );
  const running = started.filter((one) => one.status === 'fulfilled');
  const stop = async () => {
    await Promise.all(running.map(({ value }) => value.stop()));
  };
  const failed = started.find((one) => one.status === 'rejected');
  if (!failed) return { stop };
  await stop();
  throw failed.reason;
}

async function start(
  { id, url, client }: StandInPlace,
  idTokens: IdTokens,
  hidden: number,
): Promise<StandIns> {
  const standIn = STAND_INS.find((one) => one.id === id);
  if (!standIn) throw new Error(`There is no stand-in ${id}.`);
  const seed = standIn.seed(client);
  const emulator = await createEmulator({ service: id, port: hidden, baseUrl: url, seed });
  const servers: Server[] = [];
  const stop = async () => {
    await Promise.all([...servers.map(close), emulator.close()]);
  };
  try {
    const front = createFront({ standIn, idTokens, emulator: `http://127.0.0.1:${hidden}` });
    const answer: RequestListener = (request, response) => void front(request, response);
    const port = Number(new URL(url).port);
    // What listened at one half of `localhost` would get half of the visitors.
    servers.push(await listen(answer, { host: '127.0.0.1', port }));
    if (hasIpv6()) servers.push(await listen(answer, { host: '::1', port }));
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

async function listen(answer: RequestListener, address: Address): Promise<Server> {
  const server = createServer(answer);
  await bind(server, address);
  return server;
}

// The emulator does not tell which port it got when it is left to choose.
async function findFreePorts(count: number): Promise<number[]> {
  const probes = Array.from({ length: count }, () => createServer());
  await Promise.all(probes.map((probe) => bind(probe, { host: '127.0.0.1', port: 0 })));
  const ports = probes.map((probe) => (probe.address() as AddressInfo).port);
  await Promise.all(probes.map(close));
  return ports;
}

function hasIpv6(): boolean {
  const addresses = Object.values(networkInterfaces()).flat();
  return addresses.some((one) => one?.address === '::1');
}
