// Pausing, deleting, taking back and erasing an application: its tokens stop and go on with it.
import { eraseDeletedApplications } from '../../src/applications/lifecycle/end-application.ts';
import { findApplication } from '../../src/storage/applications.ts';
import { findClient } from '../../src/storage/clients.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { ageSession, eventually, requestToken } from '../_protocol.ts';
import { mainText } from '../accounts/_my-account.ts';
import { addProduct } from './_application.ts';
import { addDeveloper, createByForm, problemsOf } from './_developer.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse({ maxApplications: 1 });
  await addProduct(gatehouse);
});
test.after.always(() => gatehouse?.stop());

async function createMachine() {
  const developer = await addDeveloper(gatehouse);
  const { id, page } = await createByForm(developer, { kind: 'machine', name: 'Nightly sync' });
  const [client_id = '', client_secret = ''] = page.html
    .querySelectorAll('.facts code')
    .map(({ textContent }) => textContent.trim());
  const client = { client_id, client_secret, redirect_uris: [] };
  const token = async () =>
    (await requestToken(gatehouse, client, { grant_type: 'client_credentials' })).status;
  /** Waits until the nodes have heard. */
  const tokens = (status: number) => eventually(token, (got) => got === status);
  return { developer, id, client, tokens, path: `/applications/${id}/close` };
}

test('a paused application gets no token until it goes on', async (t) => {
  const { developer, tokens, path } = await createMachine();
  t.is(await tokens(200), 200);
  const page = await developer.open(path);
  const paused = await developer.agent.submit(page, 'Pause the application');
  t.regex(mainText(paused), /The application is paused/);
  t.is(await tokens(401), 401);
  const enabled = await developer.agent.submit(paused, 'Let it go on');
  t.regex(mainText(enabled), /The application goes on/);
  t.is(await tokens(200), 200);
});

test('deleting takes its name and a proof, stops tokens, and can be taken back', async (t) => {
  const { developer, id, tokens, path } = await createMachine();
  await ageSession(gatehouse, developer.agent, 3600);
  const page = await developer.open(path);
  const { password } = developer.account;
  for (const [fields, sentence] of [
    [{ name: 'nightly', password }, /not the name of this application/],
    [{ name: 'Nightly sync', password: 'wrong' }, /not your password/],
  ] as const) {
    const refused = await developer.agent.submit(page, 'Delete the application', fields);
    t.is(refused.status, 400);
    t.regex(problemsOf(refused).join(), sentence);
  }
  t.is(await tokens(200), 200);
  const deleted = await developer.agent.submit(page, 'Delete the application', {
    ...{ name: 'Nightly sync', password },
  });
  t.regex(mainText(deleted), /is deleted: it gets no tokens/);
  t.is(await tokens(401), 401);
  // Nothing else of it can be opened or changed.
  const settings = await developer.open(`/applications/${id}/settings`);
  t.is(settings.url, `${gatehouse.issuer}${path}`);
  await developer.post(`/applications/${id}/settings`, { name: 'Other' });
  await developer.post(`${path}/enable`);
  t.is((await findApplication(gatehouse.db, id))?.name, 'Nightly sync');
  // Its place was free meanwhile: who filled it cannot take this one back as well.
  const other = await createByForm(developer, { kind: 'machine', name: 'Nightly sync' });
  const full = await developer.agent.submit(deleted, 'Take the deletion back');
  t.is(full.status, 409);
  await developer.post(`/applications/${other.id}/close/delete`, {
    name: 'Nightly sync',
    password,
  });
  const restored = await developer.agent.submit(deleted, 'Take the deletion back');
  t.regex(mainText(restored), /The deletion is taken back/);
  t.is(await tokens(200), 200);
});

test('when the days of grace are over it is erased, with its clients, and no sooner', async (t) => {
  const { developer, id, client, tokens, path } = await createMachine();
  await developer.post(`${path}/delete`, { name: 'Nightly sync' });
  t.is(await eraseDeletedApplications(gatehouse.db), 0);
  t.truthy(await findApplication(gatehouse.db, id));
  const query = await gatehouse.db.write();
  await query('applications')
    .where({ id })
    .update({ erase_at: query.raw("now() - interval '1 s'") });
  const late = await developer.post(`${path}/restore`);
  t.is(late.status, 303);
  t.is(await eraseDeletedApplications(gatehouse.db), 1);
  t.is(await findApplication(gatehouse.db, id), undefined);
  t.is(await findClient(gatehouse.db, client.client_id), undefined);
  t.is(await tokens(401), 401);
  t.is((await developer.open(`/applications/${id}`)).status, 404);
});
