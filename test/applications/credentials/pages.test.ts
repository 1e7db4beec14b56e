// The credentials of an application through its pages: added, used, retired, brought back, revoked.
import { listCredentials } from '../../../src/storage/credentials.ts';
import { type Gatehouse, startGatehouse } from '../../_gatehouse.ts';
import { test } from '../../_one-at-a-time.ts';
import { eventually, type TestClient } from '../../_protocol.ts';
import { mainText } from '../../accounts/_my-account.ts';
import { addApplication } from '../_application.ts';
import { addDeveloper, type Developer, problemsOf } from '../_developer.ts';
import { askWith, dumpOf, newKey } from './_credentials.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

async function arrange(kind: 'machine' | 'spa' = 'machine') {
  const developer = await addDeveloper(gatehouse);
  const made = await addApplication(gatehouse, { kind, ownerId: developer.id });
  const path = `/applications/${made.application.id}/credentials`;
  return { ...made, developer, path };
}

const listOf = ({ client_id }: TestClient) => listCredentials(gatehouse.db, client_id);
const key = () => crypto.randomUUID();

/** Adds a secret as the form does; answers the client that authenticates with it. */
async function addByForm(developer: Developer, path: string, client: TestClient, name = 'spring') {
  const form = await developer.open(path);
  const page = await developer.agent.submit(form, 'Add a secret (Sandbox)', { name });
  const codes = page.html.querySelectorAll('.facts code').map((code) => code.textContent.trim());
  return { page, form, next: { ...client, client_secret: codes[1] ?? '' } };
}

const statusOf = async (client: TestClient, wanted: number) =>
  (
    await eventually(
      () => askWith(gatehouse, client),
      ({ status }) => status === wanted,
    )
  ).status;

test('a secret is added, shown once, works, and is shown again to who reloads', async (t) => {
  const { developer, path, client } = await arrange();
  const { page, form, next } = await addByForm(developer, path, client);
  t.is(page.status, 200, page.text);
  t.is(page.headers.get('Cache-Control'), 'no-store');
  t.regex(next.client_secret, /^gh_sec_[\w-]{43}_[0-9a-f]{8}$/);
  t.is(await statusOf(next, 200), 200);
  t.is(await statusOf(client, 200), 200);
  const link = page.html.querySelector('a[download]')?.getAttribute('href') ?? '';
  const file = decodeURIComponent(link.split(',')[1] ?? '');
  t.true(file.includes(`\nCLIENT_SECRET=${next.client_secret}\n`), file);
  const again = await developer.agent.submit(form, 'Add a secret (Sandbox)', { name: 'spring' });
  t.true(again.text.includes(next.client_secret));
  const listed = await developer.open(path);
  t.false(listed.text.includes(next.client_secret));
  t.regex(mainText(listed), /spring Works Secret gh_sec_.{4}… Added .* · Tess Nilsen Expires /);
  t.is((await listOf(client)).length, 2);
  const value = next.client_secret.slice('gh_sec_'.length + 4);
  t.false((await dumpOf(gatehouse)).includes(value));
  t.false(gatehouse.log.join('\n').includes(value));
});

test('the page tells when a secret was used, and from which network', async (t) => {
  const { developer, path, client } = await arrange();
  const { next } = await addByForm(developer, path, client);
  t.regex(mainText(await developer.open(path)), /Never used/);
  t.is(await statusOf(next, 200), 200);
  const used = await eventually(
    () => developer.open(path),
    (page) => /Last used/.test(mainText(page)),
  );
  t.regex(mainText(used), /Last used .* UTC · Network 127\.0\.0\.0\/24/);
  await gatehouse.db
    .knex('credentials')
    .where({ client_id: client.client_id })
    .update({
      created_at: gatehouse.db.knex.raw("now() - interval '40 days'"),
      last_used_at: gatehouse.db.knex.raw("now() - interval '31 days'"),
    });
  t.regex(mainText(await developer.open(path)), /Nobody has used it for 30 days/);
});

test('retired it works on, undone it stays, revoked it is dead', async (t) => {
  const { developer, path, client } = await arrange();
  const { next } = await addByForm(developer, path, client);
  const id = (await listOf(client)).find(({ name }) => name === 'spring')?.id ?? '';
  const post = (what: string, fields: Record<string, string>) =>
    developer.post(`${path}/${what}`, { credential: id, ...fields });
  t.is((await post('retire', { after: '3600' })).status, 303);
  t.is(await statusOf(next, 200), 200);
  const counting = await developer.open(path);
  t.regex(mainText(counting), /spring Ending/);
  const undone = await developer.agent.submit(counting, 'Undo: spring');
  t.regex(mainText(undone), /It works on as before.*spring Works/);
  t.is((await post('rename', { name: 'summer' })).status, 303);
  t.is((await post('retire', { after: '0' })).status, 303);
  t.is(await statusOf(next, 401), 401);
  const page = await developer.open(path);
  t.regex(mainText(page), /summer Ended/);
  t.is((await post('restore', {})).status, 409);
  t.is((await post('retire', { after: '12345' })).status, 400);
});

test('the last one that works asks before it goes', async (t) => {
  const { developer, path, client } = await arrange();
  const [only] = await listOf(client);
  const fields = { credential: only?.id ?? '', after: '0' };
  const asked = await developer.post(`${path}/retire`, fields);
  t.is(asked.status, 409);
  t.regex(await asked.text(), /This is the last credential that works/);
  t.is((await askWith(gatehouse, client)).status, 200);
  const meant = await developer.post(`${path}/retire`, { ...fields, confirmed: 'yes' });
  t.is(meant.status, 303);
  t.is(await statusOf(client, 401), 401);
});

test('a public key is pasted, and what is none is explained', async (t) => {
  const { developer, path, client } = await arrange();
  const { jwk, privateKey } = await newKey('k1');
  const form = await developer.open(path);
  const paste = (jwks: string, name = 'build server') =>
    developer.agent.submit(form, 'Add a public key (Sandbox)', { name, jwks });
  const added = await paste(JSON.stringify(jwk));
  t.regex(mainText(added), /The key is added.*build server Works Key k1/);
  const secret = await crypto.subtle.exportKey('jwk', privateKey);
  const wrong: [string, RegExp][] = [
    ['nonsense', /That is no public key in JSON/],
    [JSON.stringify({ keys: [{ ...secret, kid: 'k2' }] }), /holds a private or symmetric key/],
    [JSON.stringify({ keys: [jwk] }), /kid k1 already/],
  ];
  for (const [jwks, sentence] of wrong) {
    const page = await paste(jwks);
    t.true([400, 409].includes(page.status));
    t.regex(problemsOf(page).join(), sentence);
  }
  const other = JSON.stringify((await newKey('k2')).jwk);
  t.regex(problemsOf(await paste(other, ' ')).join(), /Enter a name/);
  t.is((await listOf(client)).length, 2);
});

test('ten are enough', async (t) => {
  const { developer, path, client } = await arrange();
  const form = { environment: 'sandbox', name: 'x', expires: '30' };
  for (let more = 0; more < 9; more += 1)
    t.is(
      (await developer.post(`${path}/secrets`, { ...form, idempotency_key: key() })).status,
      200,
    );
  const answer = await developer.post(`${path}/secrets`, { ...form, idempotency_key: key() });
  t.is(answer.status, 409);
  t.regex(await answer.text(), /There are 10 credentials already/);
  t.is((await listOf(client)).length, 10);
});

test('clicked five times at once, it is one secret', async (t) => {
  const { developer, path, client } = await arrange();
  const fields = { environment: 'sandbox', name: 'x', expires: '', idempotency_key: key() };
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => developer.post(`${path}/secrets`, fields)),
  );
  t.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  t.is((await listOf(client)).length, 2);
});

test('a public application has no credentials', async (t) => {
  const { developer, path } = await arrange('spa');
  t.regex(mainText(await developer.open(path)), /This application is public/);
  const form = { environment: 'sandbox', name: 'x', expires: '', idempotency_key: key() };
  t.is((await developer.post(`${path}/secrets`, form)).status, 404);
});

test("another's credentials can be neither seen nor changed, by path or by body", async (t) => {
  const [mine, theirs] = [await arrange(), await arrange()];
  const [target] = await listOf(theirs.client);
  const before = JSON.stringify(await listOf(theirs.client));
  const credential = target?.id ?? '';
  const attempts = (path: string): [string, Record<string, string>][] => [
    [`${path}/retire`, { credential, after: '0', confirmed: 'yes' }],
    [`${path}/restore`, { credential }],
    [`${path}/rename`, { credential, name: 'mine now' }],
  ];
  const additions = (path: string): [string, Record<string, string>][] => [
    [`${path}/secrets`, { environment: 'sandbox', name: 'x', expires: '', idempotency_key: key() }],
    [`${path}/keys`, { environment: 'sandbox', name: 'x', expires: '', jwks: '{}' }],
    [`${path}/published`, { environment: 'sandbox', jwks_uri: 'https://evil.example.com/keys' }],
  ];
  const unknown = '/applications/app_000000000000000000000000/credentials';
  const strip = (text: string) => text.replace(/[0-9a-f-]{36}|app_[0-9a-f]+/g, '');
  for (const [path, fields] of [
    ...attempts(mine.path),
    ...attempts(theirs.path),
    ...additions(theirs.path),
  ]) {
    const answer = await mine.developer.post(path, {
      ...fields,
      client_id: theirs.client.client_id,
    });
    t.is(answer.status, 404, path);
    const nowhere = await mine.developer.post(
      path.replace(/\/applications\/app_[0-9a-f]+\/credentials/, unknown),
      fields,
    );
    t.is(strip(await answer.text()), strip(await nowhere.text()), path);
  }
  t.is((await mine.developer.open(theirs.path)).status, 404);
  t.is(JSON.stringify(await listOf(theirs.client)), before);
  t.is((await askWith(gatehouse, theirs.client)).status, 200);
});
