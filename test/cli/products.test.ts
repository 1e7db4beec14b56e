// Products and quota classes by the command line.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { type Environment, environmentOf, run, runJson } from './_cli.ts';

const ORDERS = 'https://api.example.com/orders';
const SANDBOX = 'https://sandbox.api.example.com/orders';

let gatehouse: Gatehouse;
let env: Environment;
test.before(async () => {
  gatehouse = await startGatehouse();
  env = environmentOf(gatehouse.config);
  await runJson(['groups', 'create', '--name', 'partners'], env);
  await runJson(['quota-classes', 'set', 'gold', '--per-minute', '60', '--per-day', '5000'], env);
});
test.after.always(() => gatehouse?.stop());

const create = (...args: string[]) => runJson(['products', 'create', ...args], env);
const update = (...args: string[]) => runJson(['products', 'update', ...args], env);
const show = (name: string) => runJson(['products', 'show', name], env);

test.serial('a product has scopes of APIs of both environments, and everything else', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-'));
  const terms = join(directory, 'terms.txt');
  await writeFile(terms, 'Be kind.\n\nPay in time.\n');
  const created = await create(
    ...['--name', 'Orders', '--description', 'All about orders', '--approval', 'person'],
    ...['--api', ORDERS, SANDBOX, '--scope', 'orders.read', '--quota-class', 'gold'],
    ...['--visible-to', 'partners', '--owner-group', 'partners', '--terms', terms],
    ...['--lifetime', '365'],
  );
  await rm(directory, { recursive: true });
  const shown = await show('orders');
  t.deepEqual(shown, created);
  t.like(shown, {
    approval: 'person',
    quota_class: 'gold',
    owner_group: 'partners',
    visible_to: ['partners'],
    terms: 'Be kind.\n\nPay in time.',
    lifetime_days: 365,
    retired_at: null,
  });
  t.deepEqual(
    new Set(
      (shown['scopes'] as { api: string; scope: string }[]).map((s) => `${s.api}:${s.scope}`),
    ),
    new Set([`${ORDERS}:orders.read`, `${SANDBOX}:orders.read`]),
  );
  const { stdout } = await run(['products', 'list'], env);
  t.regex(stdout, /^prd_\w+ +Orders +person +gold +orders\.read$/m);
});

test.serial(
  'what is named changes, what is not stays, and what is taken away is gone',
  async (t) => {
    const scoped = await update(
      'Orders',
      '--scope',
      `${ORDERS}:orders.write`,
      '--name',
      'Orders 2',
    );
    t.deepEqual(scoped['scopes'], [{ api: ORDERS, scope: 'orders.write' }]);
    t.like(scoped, { name: 'Orders 2', quota_class: 'gold', lifetime_days: 365 });
    const bare = await update(
      ...['Orders 2', '--no-quota-class', '--no-terms', '--no-lifetime', '--no-owner-group'],
      ...['--no-visible-to', '--approval', 'automatic'],
    );
    t.like(bare, { quota_class: null, terms: null, lifetime_days: null, owner_group: null });
    t.deepEqual(bare['visible_to'], []);
    t.deepEqual(bare['scopes'], scoped['scopes']);
    const all = await update('Orders 2', '--api', ORDERS);
    t.is((all['scopes'] as unknown[]).length, 2);
  },
);

test.serial('a product is retired and restored, and its scopes are in use', async (t) => {
  await runJson(['products', 'retire', 'Orders 2'], env);
  t.not((await show('Orders 2'))['retired_at'], null);
  t.regex((await run(['products', 'list'], env)).stdout, / retired$/m);
  await runJson(['products', 'restore', 'Orders 2'], env);
  t.is((await show('Orders 2'))['retired_at'], null);
  const { stderr } = await run(['apis', 'remove', ORDERS], env);
  t.regex(stderr, /in use: the product Orders 2/);
});

test.serial(
  'quota classes are listed, changed, and removed when no product has them',
  async (t) => {
    await update('Orders 2', '--quota-class', 'gold');
    const refused = await run(['quota-classes', 'remove', 'gold'], env);
    t.is(refused.code, 1);
    t.regex(refused.stderr, /^Products have the quota class gold/);
    await runJson(['quota-classes', 'set', 'gold', '--per-day', '10'], env);
    t.regex((await run(['quota-classes', 'list'], env)).stdout, /^gold +unlimited +10$/m);
    await update('Orders 2', '--no-quota-class');
    await runJson(['quota-classes', 'remove', 'gold'], env);
    t.deepEqual(await runJson(['quota-classes', 'list'], env), []);
  },
);

test.serial('what is wrong is refused in words, and nothing is made', async (t) => {
  const before = await runJson(['products', 'list'], env);
  const named = ['create', '--name', 'X', '--api', ORDERS];
  for (const [args, sentence] of [
    [['create', '--name', 'X'], /needs at least one scope/],
    [['create', '--name', 'x', '--api', 'https://none.example'], /There is no API .*The APIs are/],
    [['create', '--name', 'x', '--scope', 'orders.read'], /Write orders\.read with its API/],
    [[...named, '--scope', 'orders.none'], /orders\.none is not one of the APIs named/],
    [[...named, '--quota-class', 'none'], /There is no quota class none/],
    [[...named, '--owner-group', 'none'], /There is no group none/],
    [[...named, '--terms', '/nowhere.txt'], /cannot be read/],
    [[...named, '--lifetime', '4000'], /at most 3650 days/],
    [['create', '--name', 'ORDERS 2', '--api', ORDERS], /already a product ORDERS 2/],
    [['update', 'Orders 2'], /^Nothing to change/],
    [['show', 'None'], /There is no product None/],
  ] as [string[], RegExp][]) {
    const { code, stdout, stderr } = await run(['products', ...args], env);
    t.deepEqual([code, stdout], [1, ''], args.join(' '));
    t.regex(stderr, sentence);
  }
  t.deepEqual(await runJson(['products', 'list'], env), before);
});
