// APIs by the command line: texts in several languages, owners, suspension, removal.
import test from 'ava';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { addAccount, authorizeUrl } from '../_protocol.ts';
import { type Environment, environmentOf, run, runJson } from './_cli.ts';

const ORDERS = 'https://api.example.com/orders';

let gatehouse: Gatehouse;
let env: Environment;
test.before(async () => {
  gatehouse = await startGatehouse();
  env = environmentOf(gatehouse.config);
  await runJson(['groups', 'create', '--name', 'orders-team'], env);
});
test.after.always(() => gatehouse?.stop());

const update = (...args: string[]) => runJson(['apis', 'update', ORDERS, ...args], env);

test.serial('an API is created with everything, shown, and listed', async (t) => {
  const resource = 'https://api.example.com/stock';
  const created = await runJson(
    [
      ...['apis', 'create', '--name', 'Stock', '--resource', resource, '--reuse', '30'],
      ...['--scope', 'stock.read=See stock', '--scope-text', 'stock.read:de=Bestand sehen'],
      ...['--claim', 'product', 'plan', 'subscription', '--owner-group', 'orders-team'],
      ...['--example-url', 'https://api.example.com/stock/items'],
    ],
    env,
  );
  const shown = await runJson(['apis', 'show', String(created['id'])], env);
  t.like(shown, {
    resource,
    claims: ['product', 'plan', 'subscription'],
    reuse_seconds: 30,
    owner_group: 'orders-team',
    example_url: 'https://api.example.com/stock/items',
    suspended_at: null,
  });
  t.deepEqual(shown['scopes'], [
    { name: 'stock.read', description: 'See stock', texts: { de: 'Bestand sehen' } },
  ]);
  const { stdout } = await run(['apis', 'show', resource], env);
  t.regex(stdout, /scopes +stock\.read: See stock\n +de: Bestand sehen\n/);
  t.regex((await run(['apis', 'list'], env)).stdout, /^Stock +production +\S+stock +same/m);
});

test.serial('what is named changes, what is not stays', async (t) => {
  const changed = await update('--scope-text', 'orders.read:de=Bestellungen sehen', '--reuse', '5');
  t.like(changed, { name: 'Orders', reuse_seconds: 5, claims: ['roles', 'auth_time', 'amr'] });
  const again = await update('--scope', 'orders.list=List orders', '--no-claims');
  t.deepEqual(again['claims'], []);
  t.deepEqual(again['scopes'], [
    { name: 'orders.list', description: 'List orders', texts: {} },
    { name: 'orders.read', description: 'See orders', texts: { de: 'Bestellungen sehen' } },
    { name: 'orders.write', description: 'Place and change orders', texts: {} },
  ]);
  t.deepEqual(again['reuse_seconds'], 5);
  const owned = await update('--owner-group', 'orders-team', '--example-url', 'https://x.example/');
  t.not(owned['owner_group_id'], null);
  const freed = await update('--no-owner-group', '--no-example-url');
  t.like(freed, { owner_group_id: null, example_url: null });
  const removed = await update('--remove-scope', 'orders.list');
  t.is((removed['scopes'] as unknown[]).length, 2);
});

test.serial('the consent page reads a scope in the language of the page', async (t) => {
  const client = gatehouse.client('third-party');
  const account = await addAccount(gatehouse);
  const agent = createAgent(gatehouse.issuer);
  const params = { scope: 'openid orders.read orders.write', ui_locales: 'de' };
  const page = await agent.get(authorizeUrl(gatehouse, client, params));
  const consent = await agent.submit(page, 'Anmelden', account);
  t.regex(consent.text, /Bestellungen sehen/);
  t.regex(consent.text, /Place and change orders/);
});

test.serial('a suspended API says so, once, until it is resumed', async (t) => {
  await runJson(['apis', 'suspend', ORDERS, '--reason', 'leaking'], env);
  await runJson(['apis', 'suspend', ORDERS, '--reason', 'again'], env);
  t.not((await runJson(['apis', 'show', ORDERS], env))['suspended_at'], null);
  t.regex((await run(['apis', 'list'], env)).stdout, /^Orders +production .* suspended$/m);
  await runJson(['apis', 'resume', ORDERS], env);
  t.is((await runJson(['apis', 'show', ORDERS], env))['suspended_at'], null);
  const query = await gatehouse.db.query();
  const rows = await query('audit_events').whereIn('type', ['api.suspended', 'api.resumed']);
  t.deepEqual(
    rows.map(({ type, detail }) => [type, detail.by, detail.reason]),
    [
      ['api.suspended', 'command line', 'leaking'],
      ['api.resumed', 'command line', undefined],
    ],
  );
});

test.serial('what is wrong is refused in words, and changes nothing', async (t) => {
  const before = await runJson(['apis', 'show', ORDERS], env);
  for (const [args, sentence] of [
    [['update', ORDERS], /^Nothing to change/],
    [['update', ORDERS, '--scope-text', 'orders.read:xx=Text'], /in a language of the pages: en/],
    [['update', ORDERS, '--scope-text', 'orders.gone:de=Text'], /no scope orders\.gone/],
    [['update', ORDERS, '--remove-scope', 'orders.read'], /in use: the client .*Take it from/],
    [['update', ORDERS, '--audience', 'https://sandbox.api.example.com/orders'], /already/],
    [['update', ORDERS, '--owner-group', 'nobody'], /There is no group nobody/],
    [['update', ORDERS, '--example-url', 'javascript:alert(1)'], /must be an http/],
    [['update', ORDERS, '--lifetime', '5'], /at least 60 seconds/],
    [['show', 'https://api.example.com/none'], /There is no API .*The APIs are/],
    [['remove', ORDERS], /in use: the client/],
  ] as [string[], RegExp][]) {
    const { code, stdout, stderr } = await run(['apis', ...args], env);
    t.not(code, 0);
    t.is(stdout, '');
    t.regex(stderr, sentence);
  }
  t.deepEqual(await runJson(['apis', 'show', ORDERS], env), before);
});

test.serial('an API that nobody may call is removed', async (t) => {
  await runJson(['apis', 'remove', 'https://api.example.com/stock'], env);
  t.notRegex((await run(['apis', 'list'], env)).stdout, /Stock/);
});
