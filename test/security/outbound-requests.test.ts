// T-47: nothing that a stranger sends makes the server call out.
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import test from 'ava';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { withClient } from './_clients.ts';
import { authorization, encode, obtainCode, type Params, post } from './_flow.ts';

let gatehouse: Gatehouse;
let calls = 0;
const http = createHttpServer((_request, response) => response.end('{}'));
const tcp = createServer((socket) => socket.destroy());
let urls: string[];
test.before(async () => {
  gatehouse = await startGatehouse();
  for (const server of [http, tcp]) {
    server.on('connection', () => {
      calls += 1;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
  urls = [http, tcp].flatMap((server) => {
    const { port } = server.address() as AddressInfo;
    return [
      `http://127.0.0.1:${port}/x`,
      `http://localhost:${port}/x`,
      `http://2130706433:${port}/x`,
      `http://0x7f.1:${port}/x`,
      `http://[::ffff:127.0.0.1]:${port}/x`,
      `https://127.0.0.1:${port}/x`,
      `http://user@127.0.0.1:${port}/x`,
      `gopher://127.0.0.1:${port}/x`,
    ];
  });
});
test.after.always(async () => {
  http.close();
  tcp.close();
  await gatehouse?.stop();
});

const NAMES = [
  'request_uri',
  'request',
  'registration',
  'jwks_uri',
  'jku',
  'x5u',
  'logo_uri',
  'policy_uri',
  'tos_uri',
  'client_uri',
  'sector_identifier_uri',
  'initiate_login_uri',
  'backchannel_logout_uri',
  'frontchannel_logout_uri',
  'backchannel_client_notification_endpoint',
  'web_message_uri',
  'web_message_target',
  'claims',
  'login_hint',
  'id_token_hint',
  'iss',
  'resource',
  'audience',
  'state',
  'nonce',
  'acr_values',
  'ui_locales',
  'client_id',
  'redirect_uri',
  'post_logout_redirect_uri',
  'subject_token',
  'scope',
  'url',
];

test.serial('T-47 no parameter of any endpoint makes the server call out', async (t) => {
  const plain = urls.filter((url) => url.startsWith('http://127.0.0.1'));
  const pairs = [
    ...NAMES.flatMap((name) => plain.map((url) => ({ name, url }))),
    ...urls.flatMap((url) =>
      ['request_uri', 'jwks_uri', 'client_id'].map((name) => ({ name, url })),
    ),
  ];
  for (const { name, url } of pairs) {
    const query = new URL(authorization(gatehouse, 'web', { [name]: url }).url).search.slice(1);
    const requests: Promise<{ status: number }>[] = [
      fetch(`${gatehouse.issuer}/authorize?${query}`, { redirect: 'manual' }),
      fetch(`${gatehouse.issuer}/logout?${encode({ [name]: url })}`, { redirect: 'manual' }),
      post(gatehouse, '/par', query, { as: 'web' }),
      post(
        gatehouse,
        '/token',
        { grant_type: 'client_credentials', [name]: url },
        { as: 'machine' },
      ),
      post(gatehouse, '/introspect', { token: url, [name]: url }, { as: 'web' }),
    ];
    for (const { status } of await Promise.all(requests)) t.true(status < 500, `${name} ${url}`);
  }
  t.is(calls, 0);
});

test.serial('T-47 no client id is a URL that is fetched', async (t) => {
  for (const client_id of urls) {
    for (const params of [{}, { prompt: 'none' }] satisfies Params[]) {
      const { url } = authorization(gatehouse, 'web', { ...params, client_id });
      t.is((await fetch(url, { redirect: 'manual' })).status, 400, client_id);
    }
    const answer = await post(gatehouse, '/token', { grant_type: 'client_credentials', client_id });
    t.is(answer.json['error'], 'invalid_client');
  }
  t.is(calls, 0);
});

test.serial('T-47 there is no door to register a URL at', async (t) => {
  const metadata = { redirect_uris: ['https://app.test/cb'], jwks_uri: urls[0], logo_uri: urls[0] };
  for (const path of ['/register', '/reg', '/connect/register', '/device', '/ciba', '/request']) {
    const answer = await fetch(gatehouse.issuer + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(metadata),
    });
    // Registration wants a token first.
    t.is(answer.status, path === '/register' ? 401 : 404, path);
  }
  t.is(calls, 0);
});

test.serial('T-47 sign-in, sign-out and tokens of a client call nobody', async (t) => {
  const [url = ''] = urls;
  const target = await withClient(gatehouse, {
    redirectUris: [{ uri: url, type: 'web' }],
    postLogoutRedirectUris: [url],
  });
  const { agent } = await obtainCode(target, 'web');
  const page = await agent.get(
    `${gatehouse.issuer}/logout?${encode({ client_id: target.clientId })}`,
  );
  await agent.submit(page, 'Sign out');
  t.is(calls, 0);
});

test.serial('T-47 the listeners do hear a call', async (t) => {
  for (const url of urls.filter((text) => text.startsWith('http://127.0.0.1')))
    await fetch(url).catch(() => undefined);
  t.is(calls, 2);
});
