// F-14: an upstream in trouble is a clear page within seconds, and nobody else notices. Real servers, by
// the fetch of production.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { parseSettings } from '../../src/federation/connectors.ts';
import { createFetches } from '../../src/federation/upstreams/fetches.ts';
import { createAgent, type Page } from '../_agent.ts';
import type { Gatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { mainText, trySignIn, visit } from '../accounts/_person.ts';
import { type Listener, listen } from '../federation/_listener.ts';
import { createCertificate } from '../federation/upstreams/_certificate.ts';
import { OUR_CLIENT } from '../federation/upstreams/_every-kind.ts';
import type { FakeUpstream, Place } from '../federation/upstreams/_fake.ts';
import {
  aboutToReturn,
  connect,
  createProvider,
  type Provider,
  reasonsOf,
  signedInAs,
  startWith,
  subjectOf,
} from './_federation.ts';

const honest = createProvider('Honest');
const shaky = createProvider('Shaky', { sub: 'at-shaky', email: 'shaky@example.org' });

/** Generously: the promise is six seconds on a machine that has nothing else to do. */
const PATIENCE_MS = 12_000;

type Trouble = (response: ServerResponse) => void;
/** How the server behind Shaky answers; undefined: as it should. */
let trouble: Trouble | undefined;
let troubled: Place | undefined;

let gatehouse: Gatehouse;
let server: Listener;
const others: { close(): void }[] = [];

test.before(async () => {
  server = await listen((request, response) => void answer(request, response), '127.0.0.1');
  const expired = await listenExpired();
  const closed = await listen(() => undefined, '127.0.0.1');
  closed.close();
  const away = createProvider('Away');
  const old = createProvider('Old');
  gatehouse = await startWith([honest], {
    others: [
      standIn([shaky.issuer], server.url),
      standIn([away.issuer], closed.url),
      standIn([old.issuer], expired.url),
    ],
  });
  for (const provider of [shaky, away, old]) await connect(gatehouse, provider);
});
test.after.always(async () => {
  for (const one of [server, ...others]) one?.close();
  await gatehouse?.stop();
});
test.beforeEach(() => {
  trouble = undefined;
  troubled = undefined;
});

/** Leads what is asked of these origins to a server of this machine, by the fetch of production. */
function standIn(origins: string[], url: string): FakeUpstream {
  const settings = { ...OUR_CLIENT, issuer: 'https://x.example', private_network: true };
  const fetchFor = createFetches({ privateNetwork: true, insecure: true });
  const outgoing = fetchFor({ settings: parseSettings('oidc', settings) });
  return {
    ...{ origins, faults: {}, requests: [] },
    authorize: () => Promise.reject(new Error('nobody goes there')),
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const { method, headers, signal } = request;
      const body = method === 'GET' ? undefined : await request.text();
      return outgoing(`${url}${pathname}${search}`, {
        method,
        headers,
        signal,
        ...(body ? { body } : {}),
      });
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', shaky.issuer);
  if (trouble && placeOf(url) === troubled) return trouble(response);
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = 'GET', headers } = request;
  const init = {
    method,
    headers: headers as Record<string, string>,
    ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
  };
  const given = await shaky.fake.fetch(new Request(url, init));
  response
    .writeHead(given.status, Object.fromEntries(given.headers))
    .end(Buffer.from(await given.arrayBuffer()));
}

function placeOf({ pathname }: URL): Place {
  if (pathname.startsWith('/.well-known')) return 'discovery';
  return pathname === '/token' ? 'token' : pathname === '/jwks' ? 'keys' : 'api';
}

async function listenExpired(): Promise<{ url: string }> {
  const { certificate, privateKey } = createCertificate(new Date(Date.now() - 86_400_000));
  const secure = createSecureServer(
    { cert: certificate, key: privateKey },
    (_request, response) => {
      response.end('{}');
    },
  );
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  others.push(secure);
  return { url: `https://127.0.0.1:${(secure.address() as AddressInfo).port}` };
}

const JSON_TYPE = { 'Content-Type': 'application/json' };
const TROUBLES: Record<string, Trouble> = {
  'breaks off': (response) => void response.destroy(),
  hangs: () => undefined,
  drips: (response) => {
    response.writeHead(200, JSON_TYPE);
    const timer = setInterval(() => response.write(' '), 100);
    response.on('close', () => clearInterval(timer));
  },
  'answers HTML': (response) => {
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<h1>Down for maintenance</h1>');
  },
  'cuts its JSON': (response) =>
    void response.writeHead(200, JSON_TYPE).end('{"access_token":"x","id_'),
  'sends 10 MB': (response) =>
    void response.writeHead(200, JSON_TYPE).end(`{"a":"${'x'.repeat(10 * 1024 * 1024)}"}`),
  'sends without end': (response) => {
    response.writeHead(200, JSON_TYPE);
    const more = () => {
      while (response.writable && response.write('x'.repeat(65_536)));
    };
    response.on('drain', more);
    more();
  },
  'sends a bomb': (response) =>
    void response.writeHead(200, { ...JSON_TYPE, 'Content-Encoding': 'gzip' }).end('no gzip'),
  'answers 500': (response) => void response.writeHead(500).end('Internal Server Error'),
  'leads elsewhere': (response) =>
    void response.writeHead(302, { Location: 'http://169.254.169.254/' }).end(),
  'leads in a circle': (response) => void response.writeHead(302, { Location: '?' }).end(),
};

/** Somebody else, meanwhile: by a password and by another upstream. */
async function othersSignIn(): Promise<number> {
  const started = performance.now();
  const [sam] = gatehouse.accounts;
  const page = await trySignIn(gatehouse, sam?.email ?? '', sam?.password ?? '');
  if (page.status !== 303) throw new Error(mainText(page));
  const { agent, callback } = await aboutToReturn(gatehouse, honest);
  await subjectOf(gatehouse, await agent.get(callback.url));
  return performance.now() - started;
}

/** Presses the button of a provider. */
async function press({ id }: Provider, agent = createAgent(gatehouse.issuer)): Promise<Page> {
  const page = await visit(gatehouse, agent);
  return agent.get(`${page.url}/federation/${id}`);
}

const MEANWHILE = new Set(['hangs', 'drips', 'sends without end']);

for (const [what, how] of Object.entries(TROUBLES))
  test(`F-14 a token endpoint that ${what} is a clear page, in time, and holds up nobody`, async (t) => {
    // It was well until now.
    const { agent, callback } = await comeFromShaky();
    [trouble, troubled] = [how, 'token'];
    const started = performance.now();
    const [page, meanwhile] = await Promise.all([
      agent.get(callback.url),
      MEANWHILE.has(what) ? othersSignIn() : 0,
    ]);
    t.true(performance.now() - started < PATIENCE_MS, `${performance.now() - started} ms`);
    t.true(meanwhile < 4500, `others waited ${meanwhile} ms`);
    t.is(page.status, 200);
    t.regex(
      mainText(page),
      /Shaky (cannot be reached just now|did not sign you in)|could not be verified/,
    );
    t.regex(String((await reasonsOf(gatehouse)).at(-1)), /^(unavailable|refused|invalid_answer)$/);
    t.is(await signedInAs(gatehouse, agent), undefined);
  });

async function comeFromShaky() {
  const agent = createAgent(gatehouse.issuer);
  const page = await visit(gatehouse, agent);
  const answered = await agent.request(`${page.url}/federation/shaky`);
  const callback = await shaky.fake.authorize(
    new URL(answered.headers.get('Location') ?? '', gatehouse.issuer),
  );
  return { agent, callback };
}

test('F-14 an upstream that was well once signs people in while its documents cannot be had', async (t) => {
  for (const place of ['discovery', 'keys'] as const) {
    [trouble, troubled] = [TROUBLES['answers HTML'], place];
    const { agent, callback } = await comeFromShaky();
    t.regex(await subjectOf(gatehouse, await agent.get(callback.url)), /^usr_/, place);
  }
});

test('F-14 rotated keys are found at once', async (t) => {
  const first = await comeFromShaky();
  await subjectOf(gatehouse, await first.agent.get(first.callback.url));
  shaky.fake.keys.rotate();
  const second = await comeFromShaky();
  t.regex(await subjectOf(gatehouse, await second.agent.get(second.callback.url)), /^usr_/);
});

test('F-14 a server that refuses connections is a clear page at once', async (t) => {
  const started = performance.now();
  t.regex(mainText(await press({ ...honest, id: 'away' })), /Away cannot be reached just now/);
  t.true(performance.now() - started < PATIENCE_MS);
  t.is((await reasonsOf(gatehouse)).at(-1), 'unavailable');
});

test('F-14 an expired certificate is not believed, and the log says what it is', async (t) => {
  t.regex(mainText(await press({ ...honest, id: 'old' })), /Old cannot be reached just now/);
  t.true(
    gatehouse.log.some((line) => /certificate/.test(line)),
    'the log does not name the certificate',
  );
});

test('F-14 a document with the issuer of somebody else is not used', async (t) => {
  const liar = createProvider('Liar', {}, { issuer: 'https://honest.example.org' });
  const own = await startWith([liar]);
  try {
    const agent = createAgent(own.issuer);
    const page = await visit(own, agent);
    const shown = await agent.get(`${page.url}/federation/liar`);
    t.regex(mainText(shown), /Liar cannot be reached|could not be verified|not set up correctly/);
    t.is(liar.fake.requests.filter(({ place }) => place !== 'discovery').length, 0);
  } finally {
    await own.stop();
  }
});

test('F-14 50 people at an upstream that hangs keep nobody else out', async (t) => {
  const crowd = await Promise.all(Array.from({ length: 50 }, comeFromShaky));
  [trouble, troubled] = [TROUBLES['hangs'], 'token'];
  const pages = Promise.all(crowd.map(({ agent, callback }) => agent.get(callback.url)));
  const waited = await othersSignIn();
  t.true(waited < 4500, `others waited ${waited} ms`);
  for (const page of await pages) t.regex(mainText(page), /Shaky cannot be reached just now/);
});
