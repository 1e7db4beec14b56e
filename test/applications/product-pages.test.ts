// Products, subscriptions and promotion as developers see them: browsing, subscribing once, asking for
// production once, and nothing of others.
import { findApplicationClients } from '../../src/storage/clients.ts';
import { addToGroups, insertGroup } from '../../src/storage/groups.ts';
import { listSubscriptions } from '../../src/storage/subscriptions.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { mainText } from '../accounts/_my-account.ts';
import { addApplication, addProduct } from './_application.ts';
import { addDeveloper, type Developer, problemsOf } from './_developer.ts';

let gatehouse: Gatehouse;
let developer: Developer;
let stranger: Developer;
test.before(async () => {
  gatehouse = await startGatehouse();
  [developer, stranger] = [await addDeveloper(gatehouse), await addDeveloper(gatehouse)];
});
test.after.always(() => gatehouse?.stop());

/** An application of the developer's without subscriptions. */
async function ownApplication(kind: 'machine' | 'web' | 'spa' = 'machine', of = developer) {
  const { application } = await addApplication(gatehouse, {
    ...{ kind, ownerId: of.id, productIds: [] },
  });
  return application;
}

async function statesOf(applicationId: string): Promise<string[]> {
  const found = await listSubscriptions(gatehouse.db, { applicationId, limit: 100 });
  return found.map(({ environment, state }) => `${environment} ${state}`).sort();
}

test('products are listed page by page, found by their words, and shown to whom they are for', async (t) => {
  const group = await insertGroup(gatehouse.db, { name: 'insiders', description: undefined });
  await addToGroups(gatehouse.db, developer.id, [group.id]);
  const hidden = await addProduct(gatehouse, { name: 'Inside', groupIds: [group.id] });
  for (let index = 0; index < 26; index += 1)
    await addProduct(gatehouse, {
      name: `Weather ${String(index).padStart(2, '0')}`,
      description: `Forecasts, edition ${index}`,
    });
  const first = await developer.open('/products?search=weather');
  t.is(first.html.querySelectorAll('.rows > li').length, 25);
  const next = first.html.querySelector('a[href*="after="]')?.getAttribute('href') ?? '';
  const second = await developer.open(next);
  t.deepEqual(
    second.html.querySelectorAll('.rows h2').map((heading) => heading.textContent.trim()),
    ['Weather 25'],
  );
  t.regex(
    mainText(await developer.open('/products?search=no-such-thing')),
    /No product has these words/,
  );
  t.regex(mainText(await developer.open('/products?search=inside')), /Inside/);
  t.notRegex(mainText(await stranger.open('/products?search=inside')), /Inside Production/);
  const foreign = await stranger.open(`/products/${hidden}`);
  const none = await stranger.open('/products/prd_0000');
  t.deepEqual([foreign.status, none.status], [404, 404]);
  t.is(mainText(foreign).replace(/Reference.*/, ''), mainText(none).replace(/Reference.*/, ''));
  const application = await ownApplication('machine', stranger);
  const refused = await stranger.post(`/products/${hidden}`, { application: application.id });
  t.is(refused.status, 404);
  t.deepEqual(await statesOf(application.id), []);
});

test('a product says what it gives, to whom, and on which conditions', async (t) => {
  const query = await gatehouse.db.query();
  await query('quota_classes').insert({ name: 'gold', tokens_per_minute: 60 });
  const id = await addProduct(gatehouse, {
    ...{ name: 'Gold orders', approval: 'person', quotaClass: 'gold', lifetimeDays: 365 },
    ...{ terms: 'Be kind.\n\nAlways.', description: 'All orders.' },
  });
  const text = mainText(await developer.open(`/products/${id}`));
  t.regex(text, /Gold orders All orders\./);
  t.regex(text, /sandbox is active at once\. A person decides on production/);
  t.regex(text, /gold: 60 tokens a minute, no limit a day/);
  t.regex(text, /It ends after 365 days in production/);
  t.regex(text, /Orders Sandbox Audience https:\/\/sandbox\.api\.example\.com\/orders.*See orders/);
  t.regex(text, /Orders Production Audience https:\/\/api\.example\.com\/orders/);
  t.regex(text, /Terms Be kind\. Always\./);
});

test('one subscription in the sandbox, whatever is clicked, in one window or two', async (t) => {
  const id = await addProduct(gatehouse, { approval: 'person' });
  const application = await ownApplication();
  const page = await developer.open(`/products/${id}`);
  const fields = { application: application.id };
  const done = await developer.agent.submit(page, 'Subscribe in the sandbox', fields);
  t.is(
    done.url,
    `${gatehouse.issuer}/applications/${application.id}/subscriptions?done=subscribed`,
  );
  t.regex(mainText(done), /it works in the sandbox now.*Sandbox active/);
  // A second click, the back button, another window.
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => developer.post(`/products/${id}`, fields)),
  );
  for (const answer of answers) t.true([303, 503].includes(answer.status), String(answer.status));
  await developer.agent.submit(page, 'Subscribe in the sandbox', fields);
  t.deepEqual(await statesOf(application.id), ['sandbox active']);
  // It is not offered again.
  const again = await developer.open(`/products/${id}`);
  t.notRegex(again.text, new RegExp(`<option value="${application.id}"`));
});

test('a subscription is cancelled by its owners, with its history, and can be had again', async (t) => {
  const id = await addProduct(gatehouse, { name: 'Cancellable' });
  const application = await ownApplication();
  await developer.post(`/products/${id}`, { application: application.id });
  const [one] = await listSubscriptions(gatehouse.db, { applicationId: application.id, limit: 1 });
  const path = `/applications/${application.id}/subscriptions`;
  const fields = { subscription: one?.id ?? '', reason: 'No longer needed' };
  // A stranger, by their own path and by this one; and without the form's token.
  const theirs = await ownApplication('machine', stranger);
  for (const where of [path, `/applications/${theirs.id}/subscriptions`])
    t.is((await stranger.post(`${where}/cancel`, fields)).status, 404, where);
  t.is((await developer.post(`${path}/cancel`, { ...fields, csrf: 'x' })).status, 403);
  t.deepEqual(await statesOf(application.id), ['sandbox active']);

  for (let click = 0; click < 2; click += 1)
    t.is((await developer.post(`${path}/cancel`, fields)).status, 303);
  t.deepEqual(await statesOf(application.id), ['sandbox cancelled']);
  const text = mainText(await developer.open(path));
  t.regex(
    text,
    /Cancellable Sandbox cancelled.*Active · Tess Nilsen.*Cancelled · Tess Nilsen No longer needed/,
  );
  await developer.post(`/products/${id}`, { application: application.id });
  t.deepEqual(await statesOf(application.id), ['sandbox active', 'sandbox cancelled']);
});

test('nobody opens or changes what belongs to others', async (t) => {
  const id = await addProduct(gatehouse);
  const application = await ownApplication();
  for (const page of ['subscriptions', 'production']) {
    const path = `/applications/${application.id}/${page}`;
    t.is((await stranger.open(path)).status, 404, path);
    t.is((await stranger.open(`/applications/app_00/${page}`)).status, 404);
  }
  const production = `/applications/${application.id}/production`;
  t.is((await stranger.post(production, { [`product_${id}`]: 'yes' })).status, 404);
  t.is((await stranger.post(`/products/${id}`, { application: application.id })).status, 404);
  t.deepEqual(await statesOf(application.id), []);
  // What a form does not have is not looked at.
  const more = { application: application.id, environment: 'production', state: 'active' };
  await developer.post(`/products/${id}`, more);
  t.deepEqual(await statesOf(application.id), ['sandbox active']);
});

test('production is asked for once, with addresses that production takes', async (t) => {
  const id = await addProduct(gatehouse, {
    ...{ name: 'With terms', approval: 'person', terms: 'Be kind.' },
  });
  const application = await ownApplication('web');
  await developer.post(`/products/${id}`, { application: application.id });
  const path = `/applications/${application.id}/production`;
  const form = await developer.open(path);
  t.regex(
    mainText(form),
    /Orders https:\/\/sandbox\.api\.example\.com\/orders orders\.read orders\.write https:\/\/api\.example\.com\/orders/,
  );
  const fields = {
    [`product_${id}`]: 'yes',
    redirect_uris: 'http://localhost:3000/callback',
    note: 'For trucks',
    terms: '',
  };
  const wrong = await developer.agent.submit(form, 'Ask for production', fields);
  t.is(wrong.status, 400);
  t.deepEqual(problemsOf(wrong), [
    'http://localhost:3000/callback: use https. Loopback addresses are for the sandbox.',
    'Accept the terms to go on.',
  ]);
  t.is(wrong.html.querySelector('#note')?.textContent, 'For trucks');
  t.deepEqual(await statesOf(application.id), ['sandbox active']);

  const right = { ...fields, redirect_uris: 'https://trucks.example.com/callback', terms: 'yes' };
  const asked = await developer.agent.submit(form, 'Ask for production', right);
  t.is(asked.url, `${gatehouse.issuer}${path}?done=asked`);
  t.regex(mainText(asked), /You get a mail when it is decided.*With terms waits for approval/);
  await Promise.all([developer.post(path, right), developer.post(path, right)]);
  t.deepEqual(await statesOf(application.id), ['production submitted', 'sandbox active']);
  t.is((await findApplicationClients(gatehouse.db, application.id)).production, undefined);
  const none = await developer.post(path, { redirect_uris: right.redirect_uris });
  t.is(none.status, 400);
});

test('what nobody approves is active at once, with a production client of its own', async (t) => {
  const id = await addProduct(gatehouse, { approval: 'automatic' });
  const application = await ownApplication('spa');
  await developer.post(`/products/${id}`, { application: application.id });
  const path = `/applications/${application.id}/production`;
  const fields = { [`product_${id}`]: 'yes', redirect_uris: 'https://spa.example.com/callback' };
  const done = await developer.agent.submit(
    await developer.open(path),
    'Ask for production',
    fields,
  );
  const { sandbox, production } = await findApplicationClients(gatehouse.db, application.id);
  t.regex(mainText(done), new RegExp(`production client is there.*${production?.id}`));
  t.not(production?.id, sandbox?.id);
  t.deepEqual(production?.allowedCorsOrigins, ['https://spa.example.com']);
  t.deepEqual(production?.redirectUris, [{ uri: 'https://spa.example.com/callback', type: 'spa' }]);
});

test('a product that is not theirs to see is not asked for in production either', async (t) => {
  const group = await insertGroup(gatehouse.db, { name: 'others', description: undefined });
  const id = await addProduct(gatehouse, { name: 'Of others', groupIds: [group.id] });
  const application = await ownApplication();
  const path = `/applications/${application.id}/production`;
  t.is((await developer.post(path, { [`product_${id}`]: 'yes' })).status, 404);
  t.notRegex(mainText(await developer.open(`${path}?product=${id}`)), /Of others/);
  t.deepEqual(await statesOf(application.id), []);
});
