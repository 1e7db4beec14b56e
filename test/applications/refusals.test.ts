// "Why was I refused?": what the members of an application read, and nobody else.
import test from 'ava';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { disableApplication } from '../../src/storage/applications.ts';
import { announce } from '../../src/storage/changes.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import {
  type Answer,
  addAccount,
  authorize,
  authorizeUrl,
  callback,
  eventually,
  post,
  redeem,
  requestToken,
  type TestClient,
} from '../_protocol.ts';
import { openMyAccount } from '../accounts/_my-account.ts';
import { environmentOf, run, runJson } from '../cli/_cli.ts';
import { addApplication, addProduct, CALLBACK, ordersApi } from './_application.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

type Person = { email: string; password: string };

/** A browser in which somebody is signed in. */
async function browserOf(person: Person) {
  const { agent } = await openMyAccount(gatehouse, person);
  return { get: (path: string) => agent.get(gatehouse.issuer + path) };
}

/** The id under which a refusal can be looked up: in the body as in the header. */
function idOf(answer: Answer): string {
  return String(answer.body['correlation_id']);
}

const machineParams = { grant_type: 'client_credentials' };

/** A machine whose owner can sign in. */
async function ownMachine(options: Parameters<typeof addApplication>[1] = {}) {
  const owner = await addAccount(gatehouse);
  return { owner, ...(await addApplication(gatehouse, { ...options, ownerId: owner.id })) };
}

test.serial(
  'the owner reads what happened and what to change; a stranger and a wrong id get one 404',
  async (t) => {
    const { owner, client, application } = await ownMachine();
    const refused = await requestToken(gatehouse, client, { ...machineParams, scope: 'no:such' });
    const id = idOf(refused);
    t.is(refused.headers.get('X-Correlation-Id'), id);

    const mine = await browserOf(owner);
    const page = await mine.get(`/refusals/${id}`);
    t.is(page.status, 200, page.text);
    for (const part of ['No API here has the scope', 'Compare the spelling', 'no:such', id])
      t.true(page.text.includes(part), part);
    const list = await mine.get(`/applications/${application.id}/refusals`);
    t.true(list.text.includes(`/refusals/${id}`));

    const stranger = await browserOf(await addAccount(gatehouse));
    const foreign = await stranger.get(`/refusals/${id}`);
    const unknown = await stranger.get(`/refusals/${crypto.randomUUID()}`);
    const nonsense = await stranger.get('/refusals/nothing');
    t.deepEqual([foreign.status, unknown.status, nonsense.status], [404, 404, 404]);
    const withoutId = (text: string) => text.replaceAll(/[0-9a-f-]{36}/g, 'id');
    t.is(withoutId(foreign.text), withoutId(unknown.text));
    t.is((await stranger.get(`/applications/${application.id}/refusals`)).status, 404);
  },
);

test.serial(
  'an operator’s client leaves nothing to look up, and its audit row as before',
  async (t) => {
    const machine = gatehouse.client('machine');
    const refused = await requestToken(gatehouse, machine, { ...machineParams, scope: 'no:such' });
    const agent = await browserOf(await addAccount(gatehouse));
    t.is((await agent.get(`/refusals/${idOf(refused)}`)).status, 404);
    const query = await gatehouse.db.query();
    t.truthy(
      await query('audit_events')
        .where({ correlation_id: idOf(refused) })
        .first(),
    );
  },
);

test.serial('an operator reads any of them by the command line', async (t) => {
  const { client, application } = await ownMachine();
  const refused = await requestToken(gatehouse, client, { ...machineParams, scope: 'no:such' });
  await storedRefusal(idOf(refused));
  const env = environmentOf(gatehouse.config);
  const shown = await runJson(['refusals', 'show', idOf(refused)], env);
  t.deepEqual([shown['applicationId'], shown['rule']], [application.id, 'scope_unknown']);
  const none = await run(['refusals', 'show', crypto.randomUUID()], env);
  t.is(none.code, 1);
  t.regex(none.stderr, /no refusal of an application/);
});

/** The one refusal that is stored under an id. */
async function storedRefusal(id: string) {
  const query = await gatehouse.db.query();
  return eventually(
    () => query('refusals').where({ correlation_id: id }).first(),
    (row) => row !== undefined,
  );
}

test.serial(
  'a secret that expired, one that is suspended and one that never was are told apart',
  async (t) => {
    const { client, owner } = await ownMachine();
    const query = await gatehouse.db.query();
    const rows = query('credentials').where({ client_id: client.client_id });
    const { hint } = await rows.clone().first();
    // Until the news are there, it gets tokens as before.
    const ask = async (changed: TestClient) =>
      storedRefusal(
        idOf(
          await eventually(
            () => requestToken(gatehouse, changed, machineParams),
            ({ status }) => status !== 200,
          ),
        ),
      );

    t.is((await ask({ ...client, client_secret: 'gh_sec_wrong' })).rule, 'secret_unknown');
    await rows.clone().update({ expires_at: query.raw("now() - interval '3 days'") });
    await announceClient(client.client_id);
    const expired = await eventually(
      () => ask(client),
      ({ rule }) => rule === 'secret_expired',
    );
    t.is(expired.detail.credential, hint);
    const page = await (await browserOf(owner)).get(`/refusals/${expired.correlation_id}`);
    t.true(page.text.includes('has expired') && page.text.includes(hint));
    t.false(page.text.includes(client.client_secret ?? 'none'));

    await rows.clone().update({ expires_at: null, suspended_at: query.raw('now()') });
    await announceClient(client.client_id);
    t.truthy(
      await eventually(
        () => ask(client),
        ({ rule }) => rule === 'secret_suspended',
      ),
    );
  },
);

const announceClient = (id: string) => announce(gatehouse.db.knex, 'clients', id);

test.serial(
  'a redirect URI that differs in its last slash: at authorization, and at the exchange',
  async (t) => {
    const { client } = await ownMachine({ kind: 'spa' });
    const agent = createAgent(gatehouse.issuer);
    const page = await agent.get(
      authorizeUrl(gatehouse, client, { redirect_uri: `${CALLBACK}/?secret=s3cret` }),
    );
    t.is(page.status, 400);
    const id = page.headers.get('X-Correlation-Id') ?? '';
    t.true(page.text.includes(`href="/refusals/${id}"`));
    const { rule, detail } = await storedRefusal(id);
    t.is(rule, 'redirect_uri_mismatch');
    t.deepEqual(detail, {
      ...{ sent: `${CALLBACK}/?secret=…`, registered: CALLBACK, difference: 'trailing-slash' },
    });

    const account = gatehouse.accounts[0];
    const { code } = Object.fromEntries(
      await authorize(gatehouse, client, { redirect_uri: CALLBACK }, account ? { account } : {}),
    );
    const exchange = await redeem(gatehouse, client, code ?? '', { redirect_uri: `${CALLBACK}/` });
    const kept = await storedRefusal(idOf(exchange));
    t.deepEqual([kept.rule, kept.detail.difference], ['redirect_uri_mismatch', 'trailing-slash']);
    t.false(JSON.stringify(kept).includes(code ?? 'none'));
  },
);

test.serial('a refusal by redirect says where to read why', async (t) => {
  const { client } = await ownMachine({ kind: 'spa' });
  for (const mode of ['query', 'fragment']) {
    const page = await createAgent(gatehouse.issuer).get(
      authorizeUrl(gatehouse, client, { response_type: 'token', response_mode: mode }),
    );
    const location = (page.headers.get('Location') ?? '').replace('#', '?');
    const uri = new URL(location).searchParams.get('error_uri') ?? '';
    t.is(uri, `${gatehouse.issuer}/refusals/${page.headers.get('X-Correlation-Id')}`);
    t.is((await storedRefusal(uri.slice(-36))).rule, 'response_type_unsupported');
  }
  const page = await createAgent(gatehouse.issuer).get(
    authorizeUrl(gatehouse, client, { response_type: 'token', response_mode: 'form_post' }),
  );
  t.true(page.text.includes('error_uri'));
  const silent = callback(
    await createAgent(gatehouse.issuer).get(authorizeUrl(gatehouse, client, { prompt: 'none' })),
  );
  t.is(silent.params.get('error'), 'login_required');
  const id = silent.params.get('error_uri')?.slice(-36) ?? '';
  t.is((await storedRefusal(id)).rule, 'sign_in_required');
});

test.serial('a clock that is 92 s slow', async (t) => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const { client } = await ownMachine();
  const query = await gatehouse.db.query();
  await query('credentials').insert({
    ...{ id: `cr_${crypto.randomUUID()}`, client_id: client.client_id, name: 'key', hint: 'ES256' },
    ...{
      kind: 'key',
      public_key: JSON.stringify({ ...(await exportJWK(publicKey)), alg: 'ES256' }),
    },
  });
  await announceClient(client.client_id);
  const ask = async () => {
    const now = Math.floor(Date.now() / 1000) - 92;
    const assertion = await new SignJWT({ jti: crypto.randomUUID() })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(client.client_id)
      .setSubject(client.client_id)
      .setAudience(gatehouse.issuer)
      .setIssuedAt(now)
      .setExpirationTime(now + 60)
      .sign(privateKey);
    const answer = await post(gatehouse, '/token', {
      ...machineParams,
      client_assertion: assertion,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
    return storedRefusal(idOf(answer));
  };
  const { rule, detail } = await eventually(ask, (found) => found.rule === 'clock_skew');
  t.is(rule, 'clock_skew');
  // More where the machine is busy.
  t.true(detail.clock_seconds <= -91 && detail.clock_seconds > -150, String(detail.clock_seconds));
});

test.serial(
  'a scope that no subscription gives: the page names the product that has it',
  async (t) => {
    const api = ordersApi(gatehouse, 'sandbox');
    const [first, second] = api.scopes;
    const reader = await addProduct(gatehouse, {
      scopes: [{ apiId: api.id, scope: first?.name ?? '' }],
    });
    const writer = await addProduct(gatehouse, {
      ...{ name: `Writers ${crypto.randomUUID()}` },
      scopes: [{ apiId: api.id, scope: second?.name ?? '' }],
    });
    const { owner, client } = await ownMachine({ productIds: [reader] });
    const params = { ...machineParams, scope: second?.name, resource: api.resource };
    const refused = await requestToken(gatehouse, client, params);
    const { rule, detail } = await storedRefusal(idOf(refused));
    t.deepEqual([rule, detail.scope], ['scope_not_subscribed', second?.name]);
    const page = await (await browserOf(owner)).get(`/refusals/${idOf(refused)}`);
    t.true(page.text.includes(`/products/${writer}`));
    t.false(page.text.includes(`/products/${reader}`));
  },
);

test.serial(
  'a stopped application is told why, though its client is unknown to the protocol',
  async (t) => {
    const { client, application } = await ownMachine();
    await disableApplication(gatehouse.db, application.id, true);
    const ask = async () => {
      const answer = await requestToken(gatehouse, client, machineParams);
      return answer.status === 200 ? undefined : storedRefusal(idOf(answer));
    };
    const found = await eventually(ask, (row) => row !== undefined);
    t.is(found?.rule, 'application_disabled');
  },
);

test.serial('a flood of one mistake: some are kept, all are counted', async (t) => {
  const { client, application } = await ownMachine();
  const wrong = { ...client, client_secret: 'gh_sec_wrong' };
  const answers = await Promise.all(
    Array.from({ length: 120 }, () => requestToken(gatehouse, wrong, machineParams)),
  );
  t.true(answers.every(({ status }) => status === 401));
  const query = await gatehouse.db.query();
  const count = () =>
    query('token_usage')
      .where({ application_id: application.id, result: 'refused:secret_unknown' })
      .sum<{ sum: string }[]>('tokens')
      .then(([row]) => Number(row?.sum));
  t.is(await eventually(count, (found) => found === 120), 120);
  const kept = await query('refusals').where({ application_id: application.id });
  // At a turn of the minute it is twice as many.
  t.true(kept.length >= 20 && kept.length <= 40, String(kept.length));
  t.is(
    (await query('audit_events').where({ client_id: client.client_id, type: 'token.refused' }))
      .length,
    0,
  );
});
