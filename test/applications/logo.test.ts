// Name and logo: pictures only, served as nothing else, and "not verified" until somebody looked.
import { verifyApplication } from '../../src/storage/application-changes.ts';
import { findApplication } from '../../src/storage/applications.ts';
import { findApplicationClients } from '../../src/storage/clients.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { authorizeUrl, eventually, proceed } from '../_protocol.ts';
import { mainText } from '../accounts/_my-account.ts';
import { addDeveloper, createByForm, type Developer, problemsOf, WEB } from './_developer.ts';
import { GIF, HUGE_PNG, JPEG, PNG, SVG, WEBP } from './_pictures.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

async function upload(developer: Developer, id: string, picture: Buffer, type = 'image/png') {
  const page = await developer.open(`/applications/${id}/settings`);
  const body = new FormData();
  body.set('csrf', page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '');
  body.set('logo', new Blob([new Uint8Array(picture)], { type }), '../../logo.svg');
  return developer.agent.request(`${gatehouse.issuer}/applications/${id}/logo`, {
    ...{ method: 'POST', body },
  });
}

async function logoPath(developer: Developer, id: string): Promise<string> {
  const page = await developer.open(`/applications/${id}/settings`);
  return page.html.querySelector('img.logo')?.getAttribute('src') ?? '';
}

test('a logo is a small picture by its bytes, whatever it says it is', async (t) => {
  const developer = await addDeveloper(gatehouse);
  const { id } = await createByForm(developer);
  for (const [picture, sentence] of [
    [SVG, /no PNG, JPEG or WebP/],
    [GIF, /no PNG, JPEG or WebP/],
    [Buffer.from('<html><script>1</script>'), /no PNG, JPEG or WebP/],
    [PNG.subarray(0, 12), /no PNG, JPEG or WebP/],
    [HUGE_PNG, /too large/],
    [Buffer.concat([PNG, Buffer.alloc(100 * 1024)]), /too large/],
  ] as const) {
    const answer = await upload(developer, id, picture);
    t.is(answer.status, 400);
    t.regex(await answer.text(), sentence);
  }
  t.is((await upload(developer, id, Buffer.alloc(200 * 1024))).status, 413);
  t.is(await logoPath(developer, id), '');
  for (const [picture, type] of [
    [PNG, 'image/png'],
    [JPEG, 'image/jpeg'],
    [WEBP, 'image/webp'],
  ] as const) {
    t.is((await upload(developer, id, picture, 'text/html')).status, 303, type);
    const path = await logoPath(developer, id);
    t.regex(path, /^\/applications\/logos\/[0-9a-f]{64}$/);
    const served = await fetch(gatehouse.issuer + path);
    t.is(served.headers.get('Content-Type'), type);
    t.is(served.headers.get('X-Content-Type-Options'), 'nosniff');
    t.is(served.headers.get('Content-Security-Policy'), "default-src 'none'; sandbox");
    t.regex(served.headers.get('Cache-Control') ?? '', /immutable/);
    t.deepEqual(Buffer.from(await served.arrayBuffer()), picture);
  }
  const page = await developer.open(`/applications/${id}/settings`);
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const body = new FormData();
  for (const [name, value] of Object.entries({ csrf, remove: '1' })) body.set(name, value);
  const url = `${gatehouse.issuer}/applications/${id}/logo`;
  t.is((await developer.agent.request(url, { method: 'POST', body })).status, 303);
  t.is(await logoPath(developer, id), '');
  t.is((await fetch(`${gatehouse.issuer}/applications/logos/${'0'.repeat(64)}`)).status, 404);
});

test('an upload without the form token, or of another site, changes nothing', async (t) => {
  const developer = await addDeveloper(gatehouse);
  const { id } = await createByForm(developer);
  const url = `${gatehouse.issuer}/applications/${id}/logo`;
  const post = (fields: Record<string, string | Blob>, headers = {}) => {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    return developer.agent.request(url, { method: 'POST', body, headers });
  };
  const logo = new Blob([new Uint8Array(PNG)]);
  t.is((await post({ logo })).status, 403);
  t.is((await post({ logo, csrf: 'x' })).status, 403);
  const page = await developer.open(`/applications/${id}/settings`);
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  t.is((await post({ logo, csrf }, { Origin: 'https://evil.example' })).status, 403);
  t.is((await developer.post(`/applications/${id}/logo`, { remove: '1' })).status, 415);
  t.is(await logoPath(developer, id), '');
});

test('consent says that nobody verified an application, until somebody did; a change takes that back', async (t) => {
  const developer = await addDeveloper(gatehouse);
  const { id } = await createByForm(developer, {
    ...WEB,
    homepage: 'https://shipping.example.com',
  });
  await upload(developer, id, PNG);
  const { sandbox } = await findApplicationClients(gatehouse.db, id);
  const client = { client_id: sandbox?.id ?? '', redirect_uris: [WEB.redirect_uris] };
  const consent = async () => {
    const agent = createAgent(gatehouse.issuer);
    const start = await agent.get(authorizeUrl(gatehouse, client));
    const { email = '', password = '' } = gatehouse.accounts[0] ?? {};
    const page = await agent.submit(start, 'Sign in', { email, password });
    t.truthy(page.html.querySelector('img.logo'));
    return mainText(page);
  };
  t.regex(await consent(), /Not verified.*Fabrikam Shipping asks for access.*Nobody has checked/);
  const verify = () => verifyApplication(gatehouse.db, id, true);
  await verify();
  t.notRegex(await eventually(consent, (text) => !/Not verified/.test(text)), /Nobody has checked/);
  const isVerified = async () =>
    (await findApplication(gatehouse.db, id))?.verifiedAt !== undefined;
  const save = (name: string, description: string) =>
    developer.post(`/applications/${id}/settings`, { name, description });
  await save(WEB.name, 'Another description');
  t.true(await isVerified());
  await save('Fabrikam Freight', '');
  t.false(await isVerified());
  t.is((await findApplicationClients(gatehouse.db, id)).sandbox?.name, 'Fabrikam Freight');
  await verify();
  await upload(developer, id, WEBP);
  t.false(await isVerified());
  const refused = await developer.open(`/applications/${id}/settings`);
  const page = await developer.agent.submit(refused, 'Save', { name: 'Gatehouse' });
  t.regex(problemsOf(page).join(), /cannot call itself Gatehouse/);
  // The person goes on as with any other application.
  const agent = createAgent(gatehouse.issuer);
  const back = await proceed(gatehouse, agent, await agent.get(authorizeUrl(gatehouse, client)));
  t.regex(back.headers.get('Location') ?? '', /code=/);
});
