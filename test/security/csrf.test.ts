// T-62: every form of ours needs its own token, its own page and its own method.
import test from 'ava';
import { type Agent, createAgent, type Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorization, enterPassword, obtainCode } from './_flow.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

interface Form {
  agent: Agent;
  url: string;
  /** The field that holds the token. */
  token: 'csrf' | 'xsrf';
  fields: Record<string, string>;
}

const tokenOf = (page: Page, name: string) =>
  page.html.querySelector(`input[name=${name}]`)?.getAttribute('value') ?? '';

const FORMS: Record<string, () => Promise<Form>> = {
  async 'sign-in'() {
    const agent = createAgent(gatehouse.issuer);
    const page = await agent.get(authorization(gatehouse, 'web').url);
    const { email = '', password = '' } = gatehouse.accounts[0] ?? {};
    const fields = { csrf: tokenOf(page, 'csrf'), email, password };
    return { agent, url: `${page.url}/sign-in`, token: 'csrf', fields };
  },
  async cancel() {
    const agent = createAgent(gatehouse.issuer);
    const page = await agent.get(authorization(gatehouse, 'web').url);
    return {
      agent,
      url: `${page.url}/cancel`,
      token: 'csrf',
      fields: { csrf: tokenOf(page, 'csrf') },
    };
  },
  async consent() {
    const agent = createAgent(gatehouse.issuer);
    const url = authorization(gatehouse, 'native', { prompt: 'consent' }).url;
    const page = await enterPassword(gatehouse, agent, await agent.get(url));
    const fields = { csrf: tokenOf(page, 'csrf'), choice: 'allow' };
    return { agent, url: `${page.url}/consent`, token: 'csrf', fields };
  },
  async account() {
    const { agent } = await obtainCode(gatehouse, 'web');
    const url = authorization(gatehouse, 'web', { prompt: 'select_account' }).url;
    const page = await agent.get(url);
    const fields = { csrf: tokenOf(page, 'csrf'), choice: 'continue' };
    return { agent, url: `${page.url}/account`, token: 'csrf', fields };
  },
  async 'sign-out'() {
    const { agent } = await obtainCode(gatehouse, 'web');
    const page = await agent.get(`${gatehouse.issuer}/logout`);
    const fields = { xsrf: tokenOf(page, 'xsrf'), logout: 'yes' };
    return { agent, url: `${gatehouse.issuer}/logout/confirm`, token: 'xsrf', fields };
  },
};

/** Everything that a successful form changes. */
async function state(): Promise<string> {
  const { knex } = gatehouse.db;
  const rows = await knex('oidc_payloads')
    .select('model', 'id', knex.raw("payload->'result' AS result"))
    .whereIn('model', ['Session', 'Interaction', 'Grant'])
    .orderBy(['model', 'id']);
  const consents = await knex('consents').select('*');
  return JSON.stringify([
    rows.map(({ model, id, result }) => [model, id.toString('hex'), result]),
    consents,
  ]);
}

for (const [name, open] of Object.entries(FORMS)) {
  const attempt = (form: Form, init: RequestInit, fields = form.fields) =>
    form.agent.request(form.url, { method: 'POST', body: new URLSearchParams(fields), ...init });

  test.serial(
    `T-62 ${name}: a token that is missing, empty, cut or another’s is refused`,
    async (t) => {
      const form = await open();
      const other = await open();
      const before = await state();
      const honest = form.fields[form.token] ?? '';
      const wrong = [
        '',
        ' ',
        honest.slice(0, -1),
        `${honest}x`,
        `${honest} `,
        honest.toUpperCase(),
        'x'.repeat(43),
        other.fields[form.token] ?? '',
      ];
      const { [form.token]: _token, ...without } = form.fields;
      const bodies = [
        without,
        ...wrong.map((token) => ({ ...without, [form.token]: token })),
        { ...without, csrf_token: honest, _csrf: honest, [`${form.token}[]`]: honest },
      ];
      for (const body of bodies) {
        const answer = await attempt(form, {}, body);
        t.true([400, 403].includes(answer.status), `${JSON.stringify(body)} ${answer.status}`);
        t.is(answer.headers.get('Location'), null);
      }
      const header = await attempt(form, { headers: { 'X-CSRF-Token': honest } }, without);
      t.true([400, 403].includes(header.status));
      const query = await form.agent.request(`${form.url}?${form.token}=${honest}`, {
        method: 'POST',
        body: new URLSearchParams(without),
      });
      t.true([400, 403].includes(query.status));
      t.is(await state(), before);
    },
  );

  test.serial(`T-62 ${name}: a form of another site or origin is refused`, async (t) => {
    const form = await open();
    const before = await state();
    const headers: Record<string, string>[] = [
      { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.test' },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site', Origin: 'http://evil.127.0.0.1' },
      { 'Sec-Fetch-Site': 'cross-site', Origin: 'null' },
      { Origin: 'https://evil.test' },
      { Origin: 'https://evil.test', Referer: `${gatehouse.issuer}/` },
      { Origin: gatehouse.issuer.replace('http:', 'https:') },
      { Origin: `${gatehouse.issuer}.evil.test` },
    ];
    for (const header of headers) {
      const answer = await attempt(form, { headers: header });
      t.true([400, 403].includes(answer.status), `${JSON.stringify(header)} ${answer.status}`);
    }
    t.is(await state(), before);
  });

  test.serial(`T-62 ${name}: another content type or method is refused`, async (t) => {
    const form = await open();
    const before = await state();
    const body = new URLSearchParams(form.fields).toString();
    for (const type of [
      'text/plain',
      'application/json',
      'multipart/form-data; boundary=x',
      'application/octet-stream',
      '',
    ]) {
      const answer = await attempt(form, { body, headers: { 'Content-Type': type } });
      t.true([400, 403, 415].includes(answer.status), `${type} ${answer.status}`);
    }
    for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const query = await form.agent.request(`${form.url}?${body}`, { method });
      t.true([200, 204, 400, 404, 405, 501].includes(query.status), `${method} ${query.status}`);
      t.is(query.headers.get('Location'), null, method);
    }
    for (const header of ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override']) {
      const answer = await form.agent.request(`${form.url}?${body}&_method=POST`, {
        headers: { [header]: 'POST' },
      });
      t.true([400, 404, 405].includes(answer.status), header);
    }
    t.is(await state(), before);
  });

  test.serial(`T-62 ${name}: with its token, from its own page, it works`, async (t) => {
    const form = await open();
    const before = await state();
    const answer = await attempt(form, {
      headers: { 'Sec-Fetch-Site': 'same-origin', Origin: gatehouse.issuer },
    });
    t.is(answer.status, 303);
    t.not(await state(), before);
  });
}

test.serial(
  'T-62 a sign-out link of another site ends nothing before the person says so',
  async (t) => {
    const { agent } = await obtainCode(gatehouse, 'web');
    const before = await state();
    for (const query of [
      '',
      '?logout=yes',
      `?client_id=${gatehouse.client('web').client_id}&logout=yes&xsrf=x`,
    ]) {
      const page = await agent.get(`${gatehouse.issuer}/logout${query}`);
      t.is(page.status, 200);
      t.true(page.text.includes('Stay signed in'));
    }
    const none = await agent.get(authorization(gatehouse, 'web', { prompt: 'none' }).url);
    t.regex(none.headers.get('Location') ?? '', /code=/);
    t.is((await state()).includes('Session'), before.includes('Session'));
  },
);
