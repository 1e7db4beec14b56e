// Two owners and a stranger: no page of an application, and no form, does anything for who is no member.
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { addDeveloper, createByForm, type Developer } from './_developer.ts';
import { PNG } from './_pictures.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const PAGES = ['', '/settings', '/addresses', '/members', '/activity', '/close'];
const FORMS: [path: string, fields: Record<string, string>][] = [
  ['/settings', { name: 'Mine now' }],
  ['/addresses', { environment: 'sandbox', redirect_uris: 'https://evil.example/cb' }],
  ['/members/invite', { email: 'evil@example.com' }],
  ['/members/revoke', { invitation: 'ain_0' }],
  ['/members/remove', { account: 'usr_0' }],
  ['/members/leave', {}],
  ['/members/transfer', { account: 'usr_0' }],
  ['/close/disable', {}],
  ['/close/enable', {}],
  ['/close/delete', { name: 'Fabrikam Shipping' }],
  ['/close/restore', {}],
];

/** All that is stored of an application. */
async function snapshot(id: string): Promise<string> {
  const { rows } = await gatehouse.db.knex.raw(
    `SELECT (SELECT json_agg(a) FROM applications a WHERE id = :id) AS application,
       (SELECT json_agg(m) FROM application_members m WHERE application_id = :id) AS members,
       (SELECT json_agg(i) FROM application_invitations i WHERE application_id = :id) AS invitations,
       (SELECT json_agg(l) FROM application_logos l WHERE application_id = :id) AS logos,
       (SELECT json_agg(c) FROM clients c WHERE application_id = :id) AS clients`,
    { id },
  );
  return JSON.stringify(rows);
}

/** The body without the reference that every answer has of its own. */
const bodyOf = (text: string) => text.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '…');

test('an application of somebody else is like one that there is not', async (t) => {
  const owner = await addDeveloper(gatehouse);
  const other = await addDeveloper(gatehouse);
  const stranger = await addDeveloper(gatehouse);
  const { id } = await createByForm(owner);
  await createByForm(other);
  const before = await snapshot(id);
  const nobody = `app_${'0'.repeat(24)}`;
  const ask = async (who: Developer, path: string, init?: Record<string, string>) => {
    const answer = init
      ? await who.post(path, init)
      : await who.agent.request(gatehouse.issuer + path);
    return { status: answer.status, text: bodyOf(await answer.text()) };
  };
  for (const who of [other, stranger]) {
    for (const path of PAGES) {
      const theirs = await ask(who, `/applications/${id}${path}`);
      t.is(theirs.status, 404, path);
      t.deepEqual(theirs, await ask(who, `/applications/${nobody}${path}`), path);
    }
    for (const [path, fields] of FORMS) {
      const theirs = await ask(who, `/applications/${id}${path}`, fields);
      t.is(theirs.status, 404, path);
      t.deepEqual(theirs, await ask(who, `/applications/${nobody}${path}`, fields), path);
    }
    const body = new FormData();
    body.set('logo', new Blob([new Uint8Array(PNG)]));
    const url = `${gatehouse.issuer}/applications/${id}/logo`;
    t.is((await who.agent.request(url, { method: 'POST', body })).status, 404);
  }
  t.is(await snapshot(id), before);
  // For its owner the pages are there.
  for (const path of PAGES)
    t.is((await owner.open(`/applications/${id}${path}`)).status, 200, path);
});

test('an id that cannot be is a 404, whatever it holds', async (t) => {
  const developer = await addDeveloper(gatehouse);
  for (const id of [
    'app_',
    'app_%00',
    'app_%27%20OR%201=1--',
    '%2e%2e%2faccount',
    'x'.repeat(3000),
  ]) {
    const answer = await developer.agent.request(`${gatehouse.issuer}/applications/${id}`);
    t.is(answer.status, 404, id);
  }
  const bad = await developer.agent.request(`${gatehouse.issuer}/applications/%E0%A4%A`);
  t.true([400, 404].includes(bad.status));
});

test('forms without the token of the session, or with that of another, change nothing', async (t) => {
  const owner = await addDeveloper(gatehouse);
  const other = await addDeveloper(gatehouse);
  const { id } = await createByForm(owner);
  const before = await snapshot(id);
  const page = await other.open('/applications/new');
  const foreign = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  for (const csrf of ['', foreign])
    for (const [path, fields] of FORMS) {
      const answer = await owner.post(`/applications/${id}${path}`, { ...fields, csrf });
      t.is(answer.status, 403, path);
    }
  t.is((await owner.post('/applications/new', { csrf: foreign, name: 'x' })).status, 403);
  t.is(await snapshot(id), before);
});

test('no form sets what is not its own', async (t) => {
  const owner = await addDeveloper(gatehouse);
  const other = await addDeveloper(gatehouse);
  const intruding = {
    ...{ owner: other.id, owner_id: other.id, ownerId: other.id, first_party: 'true' },
    ...{ scopes: 'orders.write', environment: 'production', grant_types: 'client_credentials' },
    ...{ verified_at: '2026-01-01', verified: 'true', suspended_at: '', application_id: 'app_1' },
    ...{ token_endpoint_auth_method: 'none', jwks_uri: 'https://evil.example', __proto__x: '1' },
  };
  const { id } = await createByForm(owner, {
    ...{ kind: 'web', name: 'Plain', redirect_uris: 'https://plain.example.com/cb', ...intruding },
  });
  const columns = async () => {
    const query = await gatehouse.db.query();
    const application = await query('applications').where({ id }).first();
    const clients = await query('clients').where({ application_id: id });
    return { application, clients };
  };
  const created = await columns();
  t.like(created.application, { owner_id: owner.id, verified_at: null });
  t.is(created.clients.length, 1);
  t.like(created.clients[0], {
    ...{ first_party: false, environment: 'sandbox', jwks_uri: null },
    token_endpoint_auth_method: 'client_secret_basic',
  });
  t.deepEqual(created.clients[0].grant_types, ['authorization_code', 'refresh_token']);
  await owner.post(`/applications/${id}/settings`, { name: 'Plain', ...intruding });
  const { updated_at: _, ...after } = (await columns()).application;
  const { updated_at: __, ...before } = created.application;
  t.deepEqual(after, before);
  t.deepEqual((await columns()).clients, created.clients);
  // A product that they cannot see is no product.
  const unseen = await owner.post('/applications/new', {
    ...{ kind: 'machine', name: 'Other', idempotency_key: 'k'.repeat(20) },
    [`product_prd_${'0'.repeat(24)}`]: 'on',
  });
  t.is(unseen.status, 404);
  const page = await owner.open('/applications');
  t.is(page.html.querySelectorAll('.rows li').length, 1);
});
