// The fetch of all that we ask of others against real servers: where it may go (T-47), how long, how much, how often.
import { createGzip, gzipSync } from 'node:zlib';
import test from 'ava';
import * as client from 'openid-client';
import { createOutgoingFetch, type OutgoingFetch } from '../../src/http/outgoing/outgoing-fetch.ts';
import { OutgoingTrouble } from '../../src/http/outgoing/outgoing-trouble.ts';
import { type Listener, listen } from '../federation/_listener.ts';

const inside = { privateNetwork: true, insecure: true };
const outside = { privateNetwork: false, insecure: true };
const REFUSED = /is not asked: its address is private or reserved/;

let listener: Listener;
test.before(async () => {
  listener = await listen((request, response) => {
    if (request.url === '/echo') {
      response.setHeader('Set-Cookie', ['a=1', 'b=2']);
      request.pipe(response);
    } else response.end('{"ok":true}');
  });
});
test.after.always(() => listener?.close());

/** The trouble that a request ends in. Throws when it is answered. */
async function troubleOf(answer: Promise<Response>): Promise<OutgoingTrouble> {
  const error = await answer.then(
    (response) => new Error(`answered with ${response.status}`),
    (reason: unknown) => reason,
  );
  if (error instanceof OutgoingTrouble) return error;
  throw error;
}

test('an upstream of a private network is asked when its connector says so', async (t) => {
  const fetch = createOutgoingFetch(inside);
  const answer = await fetch(`${listener.url}/`);
  t.true(answer instanceof Response);
  t.deepEqual(await answer.json(), { ok: true });
  const body = new URLSearchParams({ code: 'abc' });
  const posted = await fetch(`${listener.url}/echo`, { method: 'POST', body });
  t.is(await posted.text(), 'code=abc');
  t.deepEqual(posted.headers.getSetCookie(), ['a=1', 'b=2']);
  const named = await fetch(`http://localhost:${listener.port}/`);
  t.is(named.status, 200);
});

const INTERNAL = [
  ...['127.0.0.1', '127.1', '0', '0.0.0.0', '2130706433', '0x7f.1', '0x7f000001', '0177.0.0.1'],
  ...['%31%32%37.0.0.1', '127。0。0。1', '①②⑦.0.0.1', 'localhost', 'LOCALHOST'],
  ...['[::1]', '[::]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::7f00:1]'],
  ...['[64:ff9b::7f00:1]', '[64:ff9b:1::7f00:1]', '[2002:7f00:1::]', '[2001:0:7f00:1::]'],
  ...['[fe80::1]', '[fec0::1]', '[fd00:ec2::254]', '[fc00::1]', '[ff02::1]', '[5f00::1]'],
  ...['169.254.169.254', '[::ffff:169.254.169.254]', '100.100.100.200', '168.63.129.16'],
  ...['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.0.1', '100.64.0.1', '192.0.0.192'],
  ...['198.18.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', '192.0.2.1', '203.0.113.1'],
];
test('T-47 no way to write an internal address makes a connection', async (t) => {
  const closed = await listen((_request, response) => response.end('inside'));
  const fetch = createOutgoingFetch(outside);
  for (const host of INTERNAL) {
    const { message } = await troubleOf(fetch(`http://${host}:${closed.port}/`));
    t.regex(message, REFUSED, host);
  }
  t.is(closed.connections(), 0);
  t.is((await createOutgoingFetch(inside)(`${closed.url}/`)).status, 200);
  t.is(closed.connections(), 1);
  closed.close();
});

test('T-47 metadata, link-local and multicast are closed to private upstreams too', async (t) => {
  const fetch = createOutgoingFetch(inside);
  const hosts = ['169.254.169.254', '[fd00:ec2::254]', '100.100.100.200', '[fe80::1]', '224.0.0.1'];
  for (const host of [...hosts, '[::ffff:127.0.0.1]', '[64:ff9b::a00:1]', '0.0.0.0'])
    t.regex((await troubleOf(fetch(`http://${host}:9000/`))).message, REFUSED, host);
});

test('T-47 a name is checked at the connection, with all of its addresses', async (t) => {
  const closed = await listen((_request, response) => response.end('inside'), '127.0.0.1');
  const answers: Record<string, string[]> = {
    'inside.test': ['127.0.0.1'],
    'metadata.google.internal': ['169.254.169.254'],
    'mixed.test': ['93.184.215.14', '127.0.0.1'],
    'mapped.test': ['::ffff:127.0.0.1'],
    'nowhere.test': [],
  };
  const fetch = createOutgoingFetch(outside, async (name) =>
    (answers[name] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  );
  for (const name of Object.keys(answers))
    t.regex((await troubleOf(fetch(`http://${name}:${closed.port}/`))).message, REFUSED, name);

  // What a look-up before the request would have seen is public; at the connection it is not.
  const rebound = ['93.184.215.14', '127.0.0.1'].values();
  rebound.next();
  const rebinding = createOutgoingFetch(outside, async () => [
    { address: rebound.next().value ?? '127.0.0.1', family: 4 },
  ]);
  t.regex((await troubleOf(rebinding(`http://rebind.test:${closed.port}/`))).message, REFUSED);
  t.is(closed.connections(), 0);
  closed.close();
});

test('T-47 only https, no user in the URL, no port of another protocol', async (t) => {
  const fetch = createOutgoingFetch({ privateNetwork: true, insecure: false });
  const before = listener.connections();
  for (const url of [`${listener.url}/`, 'ftp://upstream.test/', 'file:///etc/passwd', 'data:,x'])
    t.regex((await troubleOf(fetch(url))).message, /must begin with https:/, url);
  const lax = createOutgoingFetch(inside);
  const user = await troubleOf(lax(`http://name:s3cret@127.0.0.1:${listener.port}/?token=s3cret`));
  t.is(user.message, `127.0.0.1:${listener.port} is not asked: its URL names a user.`);
  for (const port of [22, 25, 0])
    t.regex((await troubleOf(lax(`http://127.0.0.1:${port}/`))).message, /is not asked at port/);
  t.is((await troubleOf(lax('nonsense'))).message, 'The address is no URL.');
  t.is(listener.connections(), before);
});

test('T-47 a redirect to another origin is not followed, and nothing is sent there', async (t) => {
  const target = await listen((_request, response) => response.end('target'));
  const origin = await listen((request, response) => {
    const [, kind = '', status = '302'] = (request.url ?? '').split('/');
    const hop = Number(status);
    const places: Record<string, string> = {
      away: `${target.url}/`,
      scheme: `//127.0.0.1:${target.port}/`,
      internal: 'http://169.254.169.254/latest',
      loop: `/loop/${hop}`,
      near: '/done',
      user: `http://a:b@127.0.0.1:${origin.port}/done`,
    };
    if (!places[kind]) return response.end(`${request.method} ${request.headers.authorization}`);
    return response.writeHead(hop, { Location: places[kind] }).end('moved');
  });
  const fetch = createOutgoingFetch(inside);
  const headers = { Authorization: 'Bearer token' };
  for (const kind of ['away', 'scheme', 'internal', 'user'])
    for (const status of [301, 302, 303, 307, 308])
      t.is((await fetch(`${origin.url}/${kind}/${status}`, { headers })).status, status, kind);
  t.is(target.connections(), 0);

  t.is(await (await fetch(`${origin.url}/near/301`, { headers })).text(), 'GET Bearer token');
  t.is((await fetch(`${origin.url}/loop/302`)).status, 302);
  const post = await fetch(`${origin.url}/near/307`, { method: 'POST', body: 'secret' });
  t.is(post.status, 307);
  target.close();
  origin.close();
});

test('a body over 256 KiB is refused, however it is packed', async (t) => {
  const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));
  const server = await listen((request, response) => {
    const kind = request.url?.slice(1);
    if (kind === 'fits') return response.end(Buffer.alloc(256 * 1024));
    if (kind === 'zipped')
      return response
        .writeHead(200, { 'Content-Encoding': 'gzip' })
        .end(gzipSync('{"zipped":true}'));
    if (kind === 'bomb') return response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(bomb);
    if (kind === 'large') return response.end(Buffer.alloc(10 * 1024 * 1024));
    response.setHeader('Content-Encoding', 'gzip');
    const zip = createGzip();
    zip.pipe(response);
    const pour = () => zip.write(Buffer.alloc(1024 * 1024), () => response.closed || pour());
    return pour();
  });
  const fetch = createOutgoingFetch(inside);
  t.is((await (await fetch(`${server.url}/fits`)).bytes()).length, 256 * 1024);
  const zipped = await fetch(`${server.url}/zipped`);
  t.deepEqual(await zipped.json(), { zipped: true });
  t.is(zipped.headers.get('content-encoding'), null);
  for (const kind of ['large', 'bomb', 'endless']) {
    const { message } = await troubleOf(fetch(`${server.url}/${kind}`));
    t.is(message, `127.0.0.1:${server.port} answered with more than 256 KiB.`, kind);
  }
  server.close();
});

test('an upstream that hangs or drips is given up after five seconds; others are not held up', async (t) => {
  const arrivals: number[] = [];
  const server = await listen((request, response) => {
    arrivals.push(performance.now());
    if (request.url === '/hang') return;
    const drip = setInterval(() => response.write('.'), 100);
    response.on('close', () => clearInterval(drip));
  });
  const fetch = createOutgoingFetch(inside);
  const started = performance.now();
  const kinds = ['hang', 'drip', ...Array.from({ length: 58 }, () => 'hang')];
  const waiting = kinds.map((kind) => troubleOf(fetch(`${server.url}/${kind}`)));
  const tooMany = await troubleOf(fetch(`${server.url}/hang`));
  t.regex(tooMany.message, /has 60 requests of ours to answer/);
  t.is((await fetch(`${listener.url}/`)).status, 200);
  t.true(performance.now() - started < 4000);
  for (const { message } of await Promise.all(waiting)) {
    t.is(message, `127.0.0.1:${server.port} took too long.`);
  }
  t.true(performance.now() - started < 6000);
  // Until the first ones are given up, no further connection is made.
  t.is(arrivals.filter((time) => time - started < 4900).length, 20);
  server.close();
});

test('no more than twenty requests a second begin at one upstream', async (t) => {
  const times: number[] = [];
  const server = await listen((_request, response) => {
    times.push(performance.now());
    response.end();
  });
  const fetch = createOutgoingFetch(inside);
  const started = performance.now();
  await Promise.all(Array.from({ length: 45 }, () => fetch(`${server.url}/`)));
  t.is(times.length, 45);
  for (const [place, time] of times.entries())
    t.true(time - started > 1000 * Math.floor(place / 20) - 10, `request ${place}`);
  server.close();
});

test('whoever calls may give up earlier', async (t) => {
  const server = await listen(() => undefined);
  const fetch = createOutgoingFetch(inside);
  const answer = troubleOf(fetch(`${server.url}/`, { signal: AbortSignal.timeout(20) }));
  t.regex((await answer).message, /took too long/);
  t.regex(
    (await troubleOf(fetch(server.url, { signal: AbortSignal.abort() }))).message,
    /took too long/,
  );
  server.close();
});

test('what is wrong is told without what was sent', async (t) => {
  const gone = await listen(() => undefined);
  gone.close();
  const fetch = createOutgoingFetch(inside);
  const refused = await troubleOf(fetch(`${gone.url}/path?access_token=s3cret`));
  t.is(refused.message, `127.0.0.1:${gone.port} refuses connections.`);
  const broken = await listen((request) => request.socket.destroy());
  t.regex((await troubleOf(fetch(`${broken.url}/s3cret`))).message, /broke the connection off/);
  broken.close();
  const headers = { Authorization: 'Basic s3cret\n1' };
  const bad = await troubleOf(fetch(`${listener.url}/`, { headers }));
  t.regex(bad.message, /cannot be asked/);
  for (const error of [refused, bad])
    t.notRegex(JSON.stringify([error, error.cause, String(error.cause)]), /s3cret/);
});

test('openid-client takes it, and finds the trouble behind its own error', async (t) => {
  const server = await listen((request, response) => {
    if (request.url !== '/.well-known/openid-configuration') return response.writeHead(500).end();
    const issuer = `http://${request.headers.host}`;
    return response
      .setHeader('Content-Type', 'application/json')
      .end(JSON.stringify({ issuer, token_endpoint: 'http://10.0.0.1/token' }));
  });
  const discover = (fetch: OutgoingFetch) =>
    client.discovery(new URL(server.url), 'client', {}, client.ClientSecretPost('s3cret'), {
      [client.customFetch]: fetch as client.CustomFetch,
      execute: [client.allowInsecureRequests],
    });
  const found = await discover(createOutgoingFetch(inside));
  t.is(found.serverMetadata().issuer, server.url);
  const error = await t.throwsAsync(discover(createOutgoingFetch(outside)));
  t.true(error?.cause instanceof OutgoingTrouble);
  server.close();
});
