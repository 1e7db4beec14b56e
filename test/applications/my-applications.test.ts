// My applications: creating them once, whatever is clicked, and changing where their people go.
import { findApplicationClients } from '../../src/storage/clients.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { requestToken } from '../_protocol.ts';
import { mainText } from '../accounts/_my-account.ts';
import { addProduct, ordersApi } from './_application.ts';
import {
  addDeveloper,
  createByForm,
  type Developer,
  insist,
  problemsOf,
  WEB,
} from './_developer.ts';

const MOST = 4;
let gatehouse: Gatehouse;
let productId: string;
test.before(async () => {
  gatehouse = await startGatehouse({ maxApplications: MOST });
  productId = await addProduct(gatehouse, { name: 'Orders for everybody' });
});
test.after.always(() => gatehouse?.stop());

const MACHINE = { kind: 'machine', name: 'Nightly sync' };

async function namesOf(developer: Developer): Promise<string[]> {
  const page = await developer.open('/applications');
  return page.html.querySelectorAll('.rows strong').map(({ textContent }) => textContent.trim());
}

test('a machine comes into being with a secret that works, and is shown again to who reloads', async (t) => {
  const developer = await addDeveloper(gatehouse);
  const form = await developer.open('/applications/new');
  // The only product there is, is ticked.
  t.truthy(form.html.querySelector(`input[name=product_${productId}][checked]`));
  const sent = { ...MACHINE, idempotency_key: 'a-key-of-this-test' };
  const created = await developer.agent.submit(form, 'Create an application', sent);
  t.is(created.status, 200, created.text);
  const [clientId = '', secret = ''] = created.html
    .querySelectorAll('.facts code')
    .map(({ textContent }) => textContent.trim());
  t.regex(secret, /^gh_sec_/);
  const commands = created.html.querySelector('pre')?.textContent ?? '';
  t.true(commands.includes(`-u '${clientId}':'${secret}'`), commands);
  const client = { client_id: clientId, client_secret: secret, redirect_uris: [] };
  const resource = ordersApi(gatehouse, 'sandbox').resource;
  const answer = await requestToken(gatehouse, client, {
    grant_type: 'client_credentials',
    resource,
  });
  t.is(answer.status, 200, answer.text);
  const again = await developer.agent.submit(form, 'Create an application', sent);
  t.true(again.text.includes(secret));
  t.deepEqual(await namesOf(developer), ['Nightly sync']);
  // The same key with another request is another wish, and says so.
  const other = await developer.agent.submit(form, 'Create an application', {
    ...sent,
    name: 'Two',
  });
  t.is(other.status, 422);
  t.regex(mainText(other), /This form was sent already/);
  const next = await developer.agent.submit(other, 'Create an application');
  t.is(next.status, 200);
  t.deepEqual(await namesOf(developer), ['Nightly sync', 'Two']);
});

test('clicked five times at once, it is one application with one secret', async (t) => {
  const developer = await addDeveloper(gatehouse);
  const form = await developer.open('/applications/new');
  const pages = await Promise.all(
    Array.from({ length: 5 }, () =>
      insist(() => developer.agent.submit(form, 'Create an application', MACHINE)),
    ),
  );
  const secrets = pages.map((page) => /gh_sec_[\w-]+/.exec(page.text)?.[0] ?? page.text);
  t.is(new Set(secrets).size, 1);
  t.deepEqual(await namesOf(developer), ['Nightly sync']);
});

test('two windows that send the same make one application, and the second is told', async (t) => {
  const developer = await addDeveloper(gatehouse);
  const forms = await Promise.all([1, 2].map(() => developer.open('/applications/new')));
  const pages = await Promise.all(
    forms.map((form) =>
      insist(() => developer.agent.submit(form, 'Create an application', MACHINE)),
    ),
  );
  t.deepEqual(pages.map(({ status }) => status).toSorted(), [200, 409]);
  const told = pages.find(({ status }) => status === 409);
  t.regex(told ? mainText(told) : '', /You have an application named Nightly sync already/);
  t.deepEqual(await namesOf(developer), ['Nightly sync']);
});

test('no race gets past the limit of applications', async (t) => {
  const developer = await addDeveloper(gatehouse);
  const forms = await Promise.all(
    Array.from({ length: MOST + 3 }, () => developer.open('/applications/new')),
  );
  const pages = await Promise.all(
    forms.map((form, index) => {
      const fields = { ...MACHINE, name: `Sync ${index}` };
      return insist(() => developer.agent.submit(form, 'Create an application', fields));
    }),
  );
  t.deepEqual(pages.map(({ status }) => status).toSorted(), [200, 200, 200, 200, 409, 409, 409]);
  const refused = pages.find(({ status }) => status === 409);
  t.regex(refused ? mainText(refused) : '', /You have 4 applications/);
  t.is((await namesOf(developer)).length, MOST);
});

test('what cannot be is said beside its field, and nothing comes into being', async (t) => {
  const developer = await addDeveloper(gatehouse);
  const form = await developer.open('/applications/new');
  const refused: [Record<string, string>, RegExp][] = [
    [{ name: '' }, /Enter a name/],
    [{ name: 'Fabrikam\u202E' }, /none that cannot be seen/],
    [{ name: 'Fabri\u200Bkam' }, /none that cannot be seen/],
    [{ name: 'GATE-H0USE support' }, /cannot call itself Gatehouse/],
    [{ name: 'Gаtеhоuse' }, /mixes letters/],
    [{ name: 'гатehouse' }, /mixes letters/],
    [{ homepage: 'javascript:alert(1)' }, /begins with https/],
    [{ homepage: ' JaVaScript:alert(1)' }, /begins with https/],
    [{ homepage: 'data:text/html,x' }, /begins with https/],
    [{ homepage: 'http://shipping.example.com' }, /begins with https/],
    [{ homepage: 'https://user@shipping.example.com' }, /begins with https/],
    [{ redirect_uris: '' }, /at least one redirect URI/],
    [{ redirect_uris: 'http://shipping.example.com/cb' }, /Plain http is for loopback/],
    [{ redirect_uris: 'https://shipping.example.com/cb#x' }, /from # on/],
    [{ redirect_uris: 'HTTPS://Shipping.example.com/cb' }, /write it as https:\/\/shipping/],
    [{ redirect_uris: 'JavaScript:alert(1)' }, /use https|plain path|write it as/],
    [{ post_logout_uris: 'data:text/html,x' }, /use https|plain path/],
    [{ description: 'x'.repeat(1001) }, /at most 1000 characters|at most 1,000 characters/],
  ];
  for (const [fields, sentence] of refused) {
    const page = await developer.agent.submit(form, 'Create an application', { ...WEB, ...fields });
    t.is(page.status, 400, JSON.stringify(fields));
    t.regex(problemsOf(page).join('\n'), sentence, JSON.stringify(fields));
    t.regex(page.html.querySelector('title')?.textContent ?? '', /^Error: /);
  }
  t.deepEqual(await namesOf(developer), []);
});

test('addresses are explained while they are typed', async (t) => {
  const developer = await addDeveloper(gatehouse);
  const ask = async (query: Record<string, string>) => {
    const asked = new URLSearchParams({
      ...{ kind: 'web', environment: 'sandbox', purpose: 'redirect', ...query },
    });
    const path = `/applications/address-problems?${asked}`;
    const headers = { Accept: 'application/json' };
    const answer = await developer.agent.request(gatehouse.issuer + path, { headers });
    return { status: answer.status, body: (await answer.json()) as { problems: string[] } };
  };
  const text = 'https://a.example/cb\nhttp://a.example/cb\n\nhttps://10.0.0.1/cb';
  const { body } = await ask({ text });
  t.deepEqual(
    body.problems.map((sentence) => sentence.replace(/: .*/, '')),
    ['http://a.example/cb', 'https://10.0.0.1/cb'],
  );
  const local = 'http://localhost:8080/cb';
  t.deepEqual((await ask({ text: local })).body.problems, []);
  t.is((await ask({ text: local, environment: 'production' })).body.problems.length, 1);
  t.deepEqual((await ask({ text: 'com.example.a:/cb', kind: 'native' })).body.problems, []);
  t.is((await ask({ text: 'https://a.example/', purpose: 'origin' })).body.problems.length, 1);
  t.is((await ask({ kind: 'boat', text })).status, 400);
});

test('addresses change by the same rules, and nothing else does', async (t) => {
  const developer = await addDeveloper(gatehouse);
  const { id } = await createByForm(developer, {
    ...{ kind: 'spa', name: 'Shop', redirect_uris: 'https://shop.example.com/cb' },
  });
  const before = (await findApplicationClients(gatehouse.db, id)).sandbox;
  t.deepEqual(before?.allowedCorsOrigins, ['https://shop.example.com']);
  const path = `/applications/${id}/addresses`;
  const page = await developer.open(path);
  for (const bad of [
    'javascript:alert(1)',
    'http://shop.example.com/cb',
    'https://*.example.com/',
  ]) {
    const refused = await developer.agent.submit(page, 'Save: Sandbox', { redirect_uris: bad });
    t.is(refused.status, 400, bad);
    t.true(problemsOf(refused).length > 0);
  }
  const intruding = {
    ...{ owner_id: 'usr_x', owner: 'usr_x', first_party: 'true', scopes: 'orders.write' },
    ...{ grant_types: 'client_credentials', kind: 'machine', require_pkce: 'false' },
    ...{ token_endpoint_auth_method: 'none', application_id: 'app_x', verified_at: 'now' },
  };
  const saved = await developer.agent.submit(page, 'Save: Sandbox', {
    redirect_uris: 'https://shop.example.com/cb\r\nhttp://localhost:3000/cb',
    cors_origins: '',
    ...intruding,
  });
  t.regex(mainText(saved), /The addresses are saved/);
  const after = (await findApplicationClients(gatehouse.db, id)).sandbox;
  t.deepEqual(
    after,
    before && {
      ...before,
      redirectUris: ['https://shop.example.com/cb', 'http://localhost:3000/cb'].map((uri) => ({
        ...{ uri, type: 'spa' as const },
      })),
      allowedCorsOrigins: ['https://shop.example.com', 'http://localhost:3000'],
    },
  );
  // It has no client there yet, and a machine has no addresses at all.
  const noClient = await developer.post(path, {
    ...{ environment: 'production', redirect_uris: 'https://shop.example.com/cb' },
  });
  t.is(noClient.status, 404);
});

test('many applications are searched and paged', async (t) => {
  const developer = await addDeveloper(gatehouse);
  const query = await gatehouse.db.write();
  await query.raw(
    `WITH made AS (INSERT INTO applications (id, kind, name, owner_id)
       SELECT 'app_' || md5(?::text || n::text), 'web', 'Application ' || lpad(n::text, 3, '0'), ?
       FROM generate_series(1, 45) n RETURNING id)
     INSERT INTO application_members SELECT id, ? FROM made`,
    [developer.id, developer.id, developer.id],
  );
  const seen: string[] = [];
  let page = await developer.open('/applications');
  for (;;) {
    seen.push(...page.html.querySelectorAll('.rows strong').map((one) => one.textContent.trim()));
    const more = page.html.querySelector('main a.button-inline')?.getAttribute('href');
    if (!more) break;
    page = await developer.open(more);
  }
  t.is(seen.length, 45);
  t.deepEqual(seen, seen.toSorted());
  const found = await developer.agent.submit(page, 'Search', { search: 'TION 04' });
  t.is(found.html.querySelectorAll('.rows li').length, 6);
});
