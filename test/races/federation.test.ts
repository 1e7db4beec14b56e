// People who come from upstreams at the same moment, over three server processes: one account for one
// person, one session for one answer, five tries for one code.
import { randomUUID } from 'node:crypto';
import ava, { type ExecutionContext } from 'ava';
import { type Agent, createAgent, type Page } from '../_agent.ts';
import { type Nodes, startNodes } from '../_nodes.ts';
import { authorizeUrl, eventually } from '../_protocol.ts';
import { mailsTo } from '../accounts/_mails.ts';
import { PASSWORD } from '../accounts/_person.ts';
import { addConnector, leave } from '../federation/_connector.ts';
import { CLIENT_SECRET } from '../federation/upstreams/_authorization-server.ts';
import { OUR_CLIENT } from '../federation/upstreams/_every-kind.ts';
import { openStartingLine, type RaceRequest, type StartingLine } from './_last-byte.ts';
import type { RaceAnswer } from './_response-reader.ts';
import { serveUpstream, type UpstreamServer } from './_upstream-server.ts';

const test = ava.serial;
const LANES = 30;

let nodes: Nodes;
let line: StartingLine;
let alpha: UpstreamServer;
let beta: UpstreamServer;
test.before(async () => {
  [alpha, beta] = [await serveUpstream(), await serveUpstream()];
  nodes = await startNodes({
    count: 3,
    environment: {
      GATEHOUSE_SIGN_UP: 'open',
      GATEHOUSE_SMTP_URL: 'smtp://127.0.0.1:9',
      GATEHOUSE_MAIL_FROM: 'gatehouse@example.com',
      GATEHOUSE_CONNECTOR_SECRET: CLIENT_SECRET,
      // Nobody vouches for the certificates of the fakes; what is raced here is not TLS.
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
    },
  });
  await connect('alpha', alpha, { email_trust: 'verified' });
  await connect('beta', beta, { email_trust: 'verified' });
  await connect('careless', alpha, { email_trust: 'none' });
  const ports = nodes.nodes.map(({ port }) => port);
  line = openStartingLine({ ports, lanes: LANES, host: new URL(nodes.issuer).host });
  // Everybody has heard of the connectors, and found what they publish.
  for (let n = 0; n < 6; n += 1) await aboutToReturn('alpha', alpha, `warm-${n}`);
});
test.after.always(async () => {
  line?.close();
  for (const upstream of [alpha, beta]) upstream?.close();
  await nodes?.stop();
});

function connect(id: string, { issuer }: UpstreamServer, settings: Record<string, unknown>) {
  const all = { ...OUR_CLIENT, issuer, private_network: true, ...settings };
  return addConnector(nodes, { id, name: id, kind: 'oidc', settings: all });
}

interface Traveller {
  agent: Agent;
  page: Page;
  /** Where the browser is to go next. */
  url: string;
}

/** Somebody who is about to come back from an upstream. */
async function aboutToReturn(
  id: string,
  { fake }: UpstreamServer,
  sub: string,
  email = `${sub}@example.org`,
): Promise<Traveller> {
  const agent = createAgent(nodes.issuer);
  const page = await agent.get(authorizeUrl(nodes, nodes.client('web')));
  const there = await leave(agent, `${page.url}/federation/${id}`);
  // The fake signs what the person is when the code is redeemed: all of one race are one person.
  Object.assign(fake.person, { sub, email });
  return { agent, page, url: (await fake.authorize(there)).url };
}

async function requestOf(
  { agent }: Pick<Traveller, 'agent'>,
  url: string,
  fields?: Record<string, string>,
): Promise<RaceRequest> {
  const { pathname, search } = new URL(url);
  const headers = { Cookie: await agent.jar.getCookieString(url), Accept: 'text/html' };
  return {
    path: pathname + search,
    headers,
    ...(fields ? { body: new URLSearchParams(fields) } : {}),
  };
}

/** Everybody goes on at the same moment; afterwards each stands where they were led. */
async function race(travellers: Traveller[]): Promise<RaceAnswer[]> {
  const answers = await line.race(
    await Promise.all(travellers.map((one) => requestOf(one, one.url))),
  );
  for (const [index, { headers }] of answers.entries()) {
    const traveller = travellers[index];
    if (!traveller) continue;
    for (const cookie of headers.getSetCookie())
      await traveller.agent.jar.setCookie(cookie, nodes.issuer);
    traveller.url = new URL(headers.get('Location') ?? traveller.url, nodes.issuer).href;
  }
  return answers;
}

const statuses = (answers: RaceAnswer[]) => answers.map(({ status }) => status);
const countOf = (answers: RaceAnswer[], status: number) =>
  statuses(answers).filter((one) => one === status).length;
const accountsOf = (email: string) =>
  nodes.db.knex('accounts').whereRaw('lower(email) = ?', [email.toLowerCase()]);
const csrfOf = (page: Pick<Page, 'html'>) =>
  page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';

test('the same new person 30 times at once is one account', async (t) => {
  const sub = randomUUID();
  const email = `${sub}@example.org`;
  const travellers: Traveller[] = [];
  for (let n = 0; n < LANES; n += 1) travellers.push(await aboutToReturn('alpha', alpha, sub));
  isEither(t, await race(travellers), 303);
  isEither(t, await race(travellers), 303);
  t.true(travellers.some(({ url }) => url.includes('/authorize/')));
  t.is((await accountsOf(email)).length, 1);
  t.is((await nodes.db.knex('identities').where({ subject: sub })).length, 1);
  const [{ id }] = await accountsOf(email);
  const signedUp = await nodes.db
    .knex('audit_events')
    .where({ account_id: id, type: 'account.signed-up' });
  t.is(signedUp.length, 1);
});

test('one callback 30 times at once is one trip to the upstream and one session', async (t) => {
  const traveller = await aboutToReturn('alpha', alpha, randomUUID());
  const before = alpha.fake.requests.filter(({ place }) => place === 'token').length;
  const request = await requestOf(traveller, traveller.url);
  const answers = await line.race(Array<RaceRequest>(LANES).fill(request));
  t.is(countOf(answers, 303), 1, statuses(answers).join());
  isEither(t, answers, 303, 400);
  t.is(alpha.fake.requests.filter(({ place }) => place === 'token').length, before + 1);
  // And the step after it: whoever presses twice is signed in once.
  const [won] = answers.filter(({ status }) => status === 303);
  const next = await requestOf(
    traveller,
    new URL(won?.headers.get('Location') ?? '', nodes.issuer).href,
  );
  const finished = await line.race(Array<RaceRequest>(LANES).fill(next));
  t.true(
    finished.every(({ status }) => status !== 500),
    statuses(finished).join(),
  );
  const [identity] = await nodes.db.knex('identities').orderBy('created_at', 'desc').limit(1);
  const { count } = (await nodes.db
    .knex('audit_events')
    .where({ account_id: identity.account_id, type: 'sign-in.succeeded' })
    .count()
    .first()) ?? { count: 0 };
  t.is(Number(count), 1);
});

test('one trusted address from two upstreams at once is one account with one identity', async (t) => {
  for (let round = 0; round < 3; round += 1) {
    const [sub, email] = [randomUUID(), `${randomUUID()}@example.org`];
    const travellers = [
      await aboutToReturn('alpha', alpha, `${sub}-a`, email),
      // In the last round in another spelling.
      await aboutToReturn('beta', beta, `${sub}-b`, round === 2 ? email.toUpperCase() : email),
    ];
    await race(travellers);
    const answers = await race(travellers);
    t.deepEqual(statuses(answers).sort(), [200, 303], 'one is in, the other asked for a proof');
    t.is((await accountsOf(email)).length, 1);
    t.is((await nodes.db.knex('identities').whereLike('subject', `${sub}%`)).length, 1);
  }
});

/** One of these, or 503: a machine that is busy with other tests may say so. */
function isEither(t: ExecutionContext, answers: RaceAnswer[], ...expected: number[]): void {
  t.true(
    answers.every(({ status }) => expected.includes(status) || status === 503),
    statuses(answers).join(),
  );
  t.true(countOf(answers, expected[0] ?? 0) > 0, statuses(answers).join());
}

/** Somebody who is signed in at My account, with an identity that waits to be confirmed. */
async function confirming(sub: string): Promise<{ agent: Agent; id: string; page: Page }> {
  const own = randomUUID();
  const traveller = await aboutToReturn('beta', beta, own);
  const { agent } = traveller;
  await agent.get(traveller.url);
  const [{ id }] = await accountsOf(`${own}@example.org`);
  const list = await agent.get(`${nodes.issuer}/account/identities`);
  const body = new URLSearchParams({ csrf: csrfOf(list), connector: 'alpha' });
  const left = await agent.request(`${nodes.issuer}/account/identities/link`, {
    method: 'POST',
    body,
  });
  const href = /href="(https:[^"]+\/authorize[^"]+)"/
    .exec(await left.text())?.[1]
    ?.replaceAll('&amp;', '&');
  Object.assign(alpha.fake.person, { sub, email: `${sub}@example.org` });
  const page = await agent.get((await alpha.fake.authorize(new URL(href ?? ''))).url);
  return { agent, id, page };
}

const confirmUrl = () => `${nodes.issuer}/account/identities/confirm`;

test('a link that is confirmed 30 times at once is made once', async (t) => {
  const sub = randomUUID();
  const { agent, id, page } = await confirming(sub);
  const request = await requestOf({ agent }, confirmUrl(), { csrf: csrfOf(page) });
  const answers = await line.race(Array<RaceRequest>(LANES).fill(request));
  isEither(t, answers, 303);
  t.deepEqual(await nodes.db.knex('identities').where({ subject: sub }).pluck('account_id'), [id]);
  const events = await nodes.db
    .knex('audit_events')
    .where({ account_id: id, type: 'identity.linked' })
    .whereRaw("detail->>'connector' = 'alpha'");
  t.is(events.length, 1);
});

test('one identity that two accounts confirm at once is one account’s', async (t) => {
  const sub = randomUUID();
  const [one, two] = [await confirming(sub), await confirming(sub)];
  const answers = await line.race([
    await requestOf(one, confirmUrl(), { csrf: csrfOf(one.page) }),
    await requestOf(two, confirmUrl(), { csrf: csrfOf(two.page) }),
  ]);
  t.deepEqual(statuses(answers).sort(), [303, 400]);
  t.is((await nodes.db.knex('identities').where({ subject: sub })).length, 1);
});

test('of two ways in that are removed at once at two processes, one stays', async (t) => {
  const { agent, id, page } = await confirming(randomUUID());
  await agent.submit(page, 'Link it');
  const identities = await nodes.db.knex('identities').where({ account_id: id }).pluck('id');
  t.is(identities.length, 2);
  const list = await agent.get(`${nodes.issuer}/account/identities`);
  const url = `${nodes.issuer}/account/identities/unlink`;
  const requests = identities.map((identity) =>
    requestOf({ agent }, url, { csrf: csrfOf(list), identity }),
  );
  const answers = await line.race(await Promise.all(requests));
  t.is(countOf(answers, 303), 1, statuses(answers).join());
  t.is((await nodes.db.knex('identities').where({ account_id: id })).length, 1);
});

test('a sign-up that is confirmed while its owner comes from an upstream is one account', async (t) => {
  for (let round = 0; round < 4; round += 1) {
    const sub = randomUUID();
    const email = `${sub}@example.org`;
    const agent = createAgent(nodes.issuer);
    const start = await agent.get(authorizeUrl(nodes, nodes.client('web')));
    const form = await agent.get(`${start.url}/sign-up`);
    await agent.submit(form, 'Create an account', {
      ...{ email, given_name: 'Noor', family_name: 'Haddad', password: PASSWORD },
    });
    // It is written by a job of one of the processes.
    const mails = await eventually(
      () => mailsTo(nodes, email),
      (found) => found.length > 0,
    );
    const confirm = await agent.get(mails[0]?.link ?? '');
    const traveller = await aboutToReturn('alpha', alpha, sub);
    await race([traveller]);
    const fields = Object.fromEntries(
      confirm.html
        .querySelectorAll('form input[name]')
        .map((input) => [input.getAttribute('name') ?? '', input.getAttribute('value') ?? '']),
    );
    const action = confirm.html.querySelector('form')?.getAttribute('action') ?? '';
    const answers = await line.race([
      await requestOf({ agent }, new URL(action, confirm.url).href, fields),
      await requestOf(traveller, traveller.url),
    ]);
    t.true(
      answers.every(({ status }) => status !== 500),
      statuses(answers).join(),
    );
    const accounts = await accountsOf(email);
    t.is(accounts.length, 1);
    const identities = await nodes.db.knex('identities').where({ subject: sub });
    // Whoever was first: the password of the sign-up, or the identity, and never both unproven.
    t.is(identities.length === 1, accounts[0].password_hash === null, statuses(answers).join());
  }
});

test('of 30 guesses at one code at three processes five count', async (t) => {
  const sub = randomUUID();
  const email = `${sub}@example.net`;
  const traveller = await aboutToReturn('careless', alpha, sub);
  const form = await traveller.agent.get(traveller.url);
  const page = await traveller.agent.submit(form, 'Continue', { email });
  const url = `${traveller.page.url}/identity/code`;
  const guess = await requestOf(traveller, url, { csrf: csrfOf(page), code: 'wrong!' });
  const answers = await line.race(Array<RaceRequest>(LANES).fill(guess));
  const looked = answers.filter(({ text }) => /not the code/.test(text)).length;
  t.true(looked > 0 && looked <= 5, `${looked} were looked at: ${statuses(answers)}`);
  isEither(t, answers, 400);
});
