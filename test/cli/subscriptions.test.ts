// Subscriptions by the command line: for operators, and for a portal that sells them.
import test from 'ava';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { addApplication, addProduct } from '../applications/_application.ts';
import { type Environment, environmentOf, run, runJson } from './_cli.ts';

let gatehouse: Gatehouse;
let env: Environment;
test.before(async () => {
  gatehouse = await startGatehouse();
  env = environmentOf(gatehouse.config);
});
test.after.always(() => gatehouse?.stop());

const subscriptions = (...args: string[]) => runJson(['subscriptions', ...args], env);

test.serial('a portal sells a product: asked for, paid, active, cancelled', async (t) => {
  const product = await addProduct(gatehouse, { name: 'Sold', approval: 'delegation' });
  const { application } = await addApplication(gatehouse, { productIds: [] });
  const create = ['create', '--application', application.id, '--product', 'Sold', '--delegation'];
  const asked = await subscriptions(...create, '--note', 'order 12');
  t.like(asked, { product_id: product, environment: 'production', state: 'submitted' });
  // Sent again, it is the same one.
  t.is((await subscriptions(...create))['id'], asked['id']);
  const id = String(asked['id']);
  const paid = ['--delegation', '--reason', 'invoice 2026-117'];
  t.like(await subscriptions('approve', id, ...paid), { state: 'active' });
  const again = await run(['subscriptions', 'approve', id, ...paid], env);
  t.is(again.code, 1);
  t.regex(again.stderr, /^This subscription is active already/);
  t.like(await subscriptions('suspend', id, '--reason', 'unpaid'), { state: 'suspended' });
  t.like(await subscriptions('resume', id), { state: 'active' });
  t.like(await subscriptions('cancel', id, '--reason', 'refunded'), { state: 'cancelled' });
  const shown = await subscriptions('show', id);
  t.deepEqual(
    (shown['history'] as Record<string, unknown>[]).map(({ state, actor, reason }) => [
      state,
      actor,
      reason,
    ]),
    [
      ['submitted', 'delegation', ''],
      ['active', 'delegation', 'invoice 2026-117'],
      ['suspended', 'operator', 'unpaid'],
      ['active', 'operator', ''],
      ['cancelled', 'operator', 'refunded'],
    ],
  );
  const { stdout } = await run(['subscriptions', 'list', '--application', application.id], env);
  t.regex(stdout, /^sub_\w+ +Trucks +Sold +production +cancelled/m);
  t.deepEqual(await runJson(['subscriptions', 'list', '--state', 'active'], env), []);
});

test.serial('a web application says where its people come back to', async (t) => {
  await addProduct(gatehouse, { name: 'Web orders', approval: 'automatic' });
  const { application } = await addApplication(gatehouse, { kind: 'web', productIds: [] });
  const create = ['create', '--application', application.id, '--product', 'Web orders'];
  const bare = await run(['subscriptions', ...create], env);
  t.is(bare.code, 1);
  t.regex(bare.stderr, /needs at least one redirect URI/);
  const active = await subscriptions(...create, '--redirect-uri', 'https://web.example.com/back');
  t.is(active['state'], 'active');
  const sandbox = await subscriptions(...create, '--environment', 'sandbox');
  t.like(sandbox, { environment: 'sandbox', state: 'active' });
});

test.serial('what is wrong is refused in words', async (t) => {
  await addProduct(gatehouse, { name: 'By a person', approval: 'person' });
  const { application } = await addApplication(gatehouse, { productIds: [] });
  const create = ['create', '--application', application.id, '--product'];
  const { id } = (await subscriptions(...create, 'By a person')) as { id: string };
  await runJson(['products', 'retire', 'Sold'], env);
  for (const [args, sentence] of [
    [['show', 'sub_00'], /There is no subscription sub_00/],
    [['create', '--application', 'app_00', '--product', 'Sold'], /There is no application app_00/],
    [[...create, 'None'], /There is no product None/],
    [[...create, 'Sold'], /Sold takes no new subscriptions/],
    [['reject', id], /required option '--reason/],
    [['reject', id, '--reason', ' '], /Write 1 to 500 characters/],
    [['approve', id, '--delegation'], /Another system decides/],
    [['resume', id], /still waits for a decision/],
  ] as [string[], RegExp][]) {
    const { code, stdout, stderr } = await run(['subscriptions', ...args], env);
    t.not(code, 0, args.join(' '));
    t.is(stdout, '');
    t.regex(stderr, sentence);
  }
  t.like(await subscriptions('show', id), { state: 'submitted' });
});
