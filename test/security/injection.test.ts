// T-53: values that mean something to a database, a parser or a template are only values.
import test from 'ava';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorization, basic, encode, post } from './_flow.ts';
import { sendPlain } from './_raw.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(async (t) => {
  const accounts = await gatehouse?.db.knex('accounts').select('id');
  await gatehouse?.stop();
  t.is(accounts?.length, 3, 'the table is still there');
});

/** Written as they stand in a query or form. */
const VALUES: Record<string, string> = {
  NUL: 'a%00b',
  'only NUL': '%00',
  'line break': 'a%0d%0aSet-Cookie:%20x=y',
  'escape character': '%1b%5b31m',
  DEL: '%7f',
  'broken percent': '%zz%',
  'lone surrogate': '%ed%a0%80',
  'broken UTF-8': '%ff%fe%c0%af',
  overlong: '%c0%80',
  'Unicode non-character': '%ef%bf%bf',
  emoji: '%f0%9f%98%80',
  'right to left': '%e2%80%ae',
  quote: '%27',
  'SQL comment': '%27%20OR%201%3D1--',
  'SQL statement': '%27%29%3B%20DROP%20TABLE%20accounts%3B--',
  'SQL sleep': '%27%7C%7Cpg_sleep%285%29--',
  'SQL number': '1%3Bpg_sleep(5)',
  'knex binding': '%3F%20%3F%3F%20%3Aname%3A',
  'JSON object': '%7B%22%24gt%22%3A%22%22%7D',
  'JSON array': '%5B%22a%22%5D',
  'jsonb escape': '%5Cu0000',
  percent: '%25%5f',
  backslash: '%5C%5C',
  template: '%24%7B7*7%7D%7B%7B7*7%7D%3C%25%3D7*7%25%3E',
  'format string': '%25s%25n%25d',
  'server-side include': '%3C!--%23exec%20cmd%3D%22id%22--%3E',
  path: '..%2f..%2f..%2fetc%2fpasswd%00.html',
  shell: '%60id%60%3B%24(id)%7Cid',
  LDAP: '*)(uid=*))(|(uid=*',
  'very long': 'x'.repeat(7000),
  'many spaces': '%20'.repeat(2000),
  __proto__: '__proto__',
  'huge number': '9'.repeat(400),
  'negative number': '-9223372036854775809',
  NaN: 'NaN',
};

const LEAK =
  /syntax error|postgres|unicode escape|byte sequence|\bknex\b|SELECT |INSERT |\bat \/|node_modules|\.ts:\d|49\{\{49/i;

async function check(
  where: string,
  answer: { status: number; text: string | (() => Promise<string>) },
): Promise<string[]> {
  const text = typeof answer.text === 'string' ? answer.text : await answer.text();
  if (answer.status >= 500) return [`${where}: ${answer.status}`];
  return LEAK.test(text) ? [`${where} leaks ${LEAK.exec(text)?.[0]}`] : [];
}

const get = async (path: string) => {
  const { port } = gatehouse.config;
  return sendPlain(port, { path, headers: { Accept: 'text/html' } });
};
const queryOf = (url: string) => new URL(url).search.slice(1);

const AUTHORIZATION = [
  'client_id',
  'response_type',
  'response_mode',
  'redirect_uri',
  'scope',
  'state',
  'nonce',
  'prompt',
  'max_age',
  'login_hint',
  'id_token_hint',
  'ui_locales',
  'claims_locales',
  'acr_values',
  'claims',
  'display',
  'resource',
  'audience',
  'code_challenge',
  'code_challenge_method',
  'dpop_jkt',
  'request',
  'request_uri',
  'registration',
  'unknown_parameter',
];

test('T-53 no value of an authorization request breaks anything', async (t) => {
  const found: string[] = [];
  for (const name of AUTHORIZATION) {
    const query = queryOf(authorization(gatehouse, 'web', { [name]: undefined }).url);
    for (const [what, value] of Object.entries(VALUES)) {
      const request = `${query}&${name}=${value}`;
      found.push(
        ...(await check(`GET /authorize ${name} ${what}`, await get(`/authorize?${request}`))),
      );
      const pushed = await post(gatehouse, '/par', request, { as: 'web' });
      found.push(...(await check(`POST /par ${name} ${what}`, pushed)));
    }
  }
  t.deepEqual(found, []);
});

test('T-53 no value of a token request breaks anything', async (t) => {
  const found: string[] = [];
  const names = ['grant_type', 'code', 'redirect_uri', 'code_verifier', 'refresh_token', 'scope'];
  names.push('resource', 'audience', 'client_id', 'client_secret', 'client_assertion');
  names.push('client_assertion_type', 'dpop_jkt');
  for (const grant_type of ['client_credentials', 'authorization_code', 'refresh_token']) {
    for (const name of names) {
      const given = { grant_type, code: 'x', refresh_token: 'x', scope: 'orders.read' };
      const query = encode({ ...given, [name]: undefined });
      for (const [what, value] of Object.entries(VALUES)) {
        const body = `${query}&${name}=${value}`;
        const as = grant_type === 'client_credentials' ? 'machine' : 'web';
        const answer = await post(gatehouse, '/token', body, { as });
        found.push(...(await check(`${grant_type} ${name} ${what}`, answer)));
      }
    }
  }
  t.deepEqual(found, []);
});

test('T-53 no token, hint or sign-out parameter breaks anything', async (t) => {
  const found: string[] = [];
  const logout = ['id_token_hint', 'post_logout_redirect_uri', 'state', 'ui_locales', 'client_id'];
  for (const [what, value] of Object.entries(VALUES)) {
    for (const path of ['/introspect', '/revoke'])
      for (const name of ['token', 'token_type_hint', 'client_id'])
        found.push(
          ...(await check(
            `${path} ${name} ${what}`,
            await post(gatehouse, path, `${name === 'token' ? '' : 'token=x&'}${name}=${value}`, {
              as: 'web',
            }),
          )),
        );
    for (const name of [...logout, 'logout_hint'])
      found.push(
        ...(await check(`/logout ${name} ${what}`, await get(`/logout?${name}=${value}`))),
      );
    for (const path of ['/logout/success?client_id=', '/userinfo?access_token=', '/?x='])
      found.push(...(await check(`${path} ${what}`, await get(path + value))));
    for (const path of ['/logout/confirm', '/userinfo'])
      found.push(
        ...(await check(
          `POST ${path} ${what}`,
          await post(gatehouse, path, `xsrf=${value}&access_token=${value}`),
        )),
      );
  }
  t.deepEqual(found, []);
});

test('T-53 no path and no header breaks anything', async (t) => {
  const found: string[] = [];
  for (const [what, value] of Object.entries(VALUES)) {
    for (const path of [
      '/interaction/',
      '/authorize/',
      '/assets/',
      '/device/',
      '/.well-known/',
      '/',
    ])
      found.push(...(await check(`${path} ${what}`, await get(path + value))));
    const text = decodeURIComponent(
      value.replace(/%(?![0-9a-f]{2})/gi, '%25').replace(/%(ed|ff|fe|c0|af|a0|80|ef|bf)/gi, 'x'),
    )
      .replace(/[^\x20-\x7e]/g, '?')
      .slice(0, 3000);
    for (const name of [
      'Accept',
      'User-Agent',
      'Origin',
      'Cookie',
      'Accept-Language',
      'Authorization',
      'DPoP',
      'If-None-Match',
      'Referer',
      'Content-Type',
    ]) {
      for (const path of ['/token', '/userinfo', '/authorize', '/assets/style.css', '/']) {
        const method = path === '/token' ? 'POST' : 'GET';
        const answer = await sendPlain(gatehouse.config.port, {
          path,
          method,
          headers: { [name]: text },
        });
        found.push(...(await check(`${path} ${name} ${what}`, answer)));
      }
    }
  }
  t.deepEqual(found, []);
});

test('T-53 no value of the sign-in form breaks anything', async (t) => {
  const found: string[] = [];
  const agent = createAgent(gatehouse.issuer);
  const page = await agent.get(authorization(gatehouse, 'web').url);
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  for (const [what, value] of Object.entries(VALUES)) {
    const bodies = {
      email: `csrf=${csrf}&password=x&email=${value}`,
      'e-mail address': `csrf=${csrf}&password=x&email=${value.slice(0, 200)}@example.com`,
      password: `csrf=${csrf}&email=a@example.com&password=${value}`,
      csrf: `csrf=${value}&email=a@example.com&password=x`,
      choice: `csrf=${csrf}&choice=${value}`,
      'a field of that name': `csrf=${csrf}&email=a@example.com&password=x&${value}=1`,
    };
    for (const [name, body] of Object.entries(bodies)) {
      const step = name === 'choice' ? 'consent' : 'sign-in';
      const answer = await agent.request(`${page.url}/${step}`, { method: 'POST', headers, body });
      found.push(
        ...(await check(`${name} ${what}`, { status: answer.status, text: () => answer.text() })),
      );
    }
  }
  t.deepEqual(found, []);
});

test('T-53 Basic credentials of every shape are refused, not broken', async (t) => {
  const found: string[] = [];
  for (const [what, value] of Object.entries(VALUES)) {
    for (const text of [value, decodeURIComponent(value.replace(/%(?![0-7][0-9a-f])/gi, '%25'))]) {
      for (const credentials of [
        `${text}:x`,
        `${gatehouse.client('web').client_id}:${text}`,
        text,
      ]) {
        const Authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
        const answer = await post(
          gatehouse,
          '/token',
          { grant_type: 'client_credentials' },
          { headers: { Authorization } },
        );
        if (![400, 401].includes(answer.status)) found.push(`${what}: ${answer.status}`);
      }
    }
  }
  t.truthy(basic(gatehouse, 'web'));
  t.deepEqual(found, []);
});
