// Groups of Microsoft Entra: in the token, or at Graph, and never half of them.
import test from 'ava';
import { parseSettings } from '../../src/federation/connectors.ts';
import { travel } from './_entra-trip.ts';
import { CONTOSO, createEntra, type EntraFake } from './upstreams/_entra.ts';
import { OUR_CLIENT } from './upstreams/_every-kind.ts';
import { json } from './upstreams/_fake.ts';

const IDS = ['g-1', 'g-2', 'g-3', 'g-4', 'g-5'];
const SCOPES = ['openid', 'profile', 'email', 'User.Read'];

const OVERAGES = {
  'hasgroups true': { hasgroups: true },
  'hasgroups "true"': { hasgroups: 'true' },
  _claim_names: {
    _claim_names: { groups: 'src1' },
    // The retired Graph, of somebody who would like to have the token.
    _claim_sources: {
      src1: { endpoint: 'https://graph.windows.net.evil.example/getMemberObjects' },
    },
  },
};

function createOverage(claims: object = OVERAGES._claim_names): EntraFake {
  const fake = createEntra({ tenant: CONTOSO, person: { ...claims } });
  fake.graph.groups = IDS;
  return fake;
}

const groupsOf = async (
  fake: EntraFake,
  settings: object = { graph_groups: true, scopes: SCOPES },
) => (await travel({ kind: 'entra', fake, settings: { tenant: CONTOSO, ...settings } })).groups;

const graphRequests = ({ graph, requests }: EntraFake) =>
  requests.filter(({ url }) => url.origin === graph.origin);

test('groups that the token names are taken from it, and Graph is not asked', async (t) => {
  const fake = createOverage({ groups: IDS.slice(0, 2) });
  t.deepEqual(await groupsOf(fake), ['g-1', 'g-2']);
  t.is(graphRequests(fake).length, 0);
});

for (const [name, claims] of Object.entries(OVERAGES)) {
  test(`too many for the token (${name}): Graph names them, by POST with the person's token`, async (t) => {
    const fake = createOverage(claims);
    t.deepEqual(await groupsOf(fake), IDS);
    const [request, ...more] = graphRequests(fake);
    t.is(more.length, 0);
    t.is(request?.method, 'POST');
    t.is(request?.url.href, 'https://graph.microsoft.com/v1.0/me/getMemberObjects');
    t.regex(request?.headers.get('authorization') ?? '', /^Bearer ./);
  });

  test(`too many for the token (${name}): unknown where Graph is not to be asked`, async (t) => {
    const fake = createOverage(claims);
    t.is(await groupsOf(fake, {}), 'unknown');
    t.is(graphRequests(fake).length, 0);
  });
}

test('all pages are read', async (t) => {
  const fake = createOverage();
  fake.graph.pageSize = 2;
  t.deepEqual(await groupsOf(fake), IDS);
  t.is(graphRequests(fake).length, 3);
});

for (const nextLink of [
  'https://evil.example/v1.0/me/getMemberObjects',
  'http://graph.microsoft.com/v1.0/me/getMemberObjects',
  '/v1.0/me/getMemberObjects?$skiptoken=2',
])
  test(`a next page at ${nextLink} is not followed, and nothing is known`, async (t) => {
    const fake = createOverage();
    // Whoever is there would answer, and have the token.
    fake.origins.push('https://evil.example', 'http://graph.microsoft.com');
    Object.assign(fake.graph, { pageSize: 2, nextLink });
    t.is(await groupsOf(fake), 'unknown');
    const withToken = fake.requests.filter(({ headers }) => headers.has('authorization'));
    t.is(withToken.length, 1);
  });

test('pages without end are given up', async (t) => {
  const fake = createOverage();
  const nextLink = `${fake.graph.origin}/v1.0/me/getMemberObjects`;
  Object.assign(fake.graph, { pageSize: 2, nextLink });
  t.is(await groupsOf(fake), 'unknown');
  t.true(graphRequests(fake).length <= 20);
});

test('more groups than anybody has are not believed', async (t) => {
  const fake = createOverage();
  const groups = Array.from({ length: 5001 }, (_, index) => `g-${index}`);
  Object.assign(fake.graph, { groups, pageSize: 1000 });
  t.is(await groupsOf(fake), 'unknown');
});

test('without permission nothing is known, and the person is signed in all the same', async (t) => {
  const fake = createOverage();
  fake.graph.permitted = false;
  t.is(await groupsOf(fake), 'unknown');
});

for (const bad of ['html', 'truncated', 'list', 'status 500', 'hang', 'unreachable'] as const)
  test(`Graph answering badly (${bad}): nothing is known`, async (t) => {
    const fake = createOverage();
    fake.faults = { answers: { api: bad } };
    t.is(await groupsOf(fake), 'unknown');
  });

test('an answer with something other than ids is none', async (t) => {
  const fake = createOverage();
  const original = fake.fetch;
  fake.fetch = async (request) =>
    request.url.startsWith(fake.graph.origin) ? json({ value: 'g-1' }) : original(request);
  t.is(await groupsOf(fake), 'unknown');
});

test('each cloud has its Graph, and settings may name another', async (t) => {
  for (const [authority, graph, settings] of [
    ['https://login.microsoftonline.us', 'https://graph.microsoft.us', {}],
    ['https://login.partner.microsoftonline.cn', 'https://microsoftgraph.chinacloudapi.cn', {}],
    [
      'https://login.microsoftonline.us',
      'https://dod-graph.microsoft.us',
      { graph: 'https://dod-graph.microsoft.us' },
    ],
  ] as const) {
    const person = { hasgroups: true };
    const fake = createEntra({ authority, graph, person, tenant: CONTOSO });
    fake.graph.groups = IDS;
    const asked = { authority, graph_groups: true, scopes: SCOPES, ...settings };
    t.deepEqual(await groupsOf(fake, asked), IDS);
  }
});

test('graph_groups without a permission is refused when it is set', (t) => {
  const settings = { ...OUR_CLIENT, tenant: CONTOSO, graph_groups: true };
  t.regex(t.throws(() => parseSettings('entra', settings)).message, /User\.Read/);
  t.notThrows(() => parseSettings('entra', { ...settings, scopes: SCOPES }));
});

test('none named means none where groups or roles are mapped, else nothing', async (t) => {
  const fake = createOverage({});
  const trip = { kind: 'entra', fake };
  const silent = await travel({ ...trip, settings: { tenant: CONTOSO } });
  t.deepEqual([silent.groups, silent.roles], [undefined, undefined]);
  const mapped = { groups: { 'g-1': 'staff' }, roles: { Admin: 'admin' } };
  const removed = await travel({ ...trip, settings: { tenant: CONTOSO, ...mapped } });
  t.deepEqual([removed.groups, removed.roles], [[], []]);
});

test('what is mapped and could not be had stays unknown', async (t) => {
  const fake = createOverage();
  fake.graph.permitted = false;
  const settings = { graph_groups: true, scopes: SCOPES, groups: { 'g-1': 'staff' } };
  t.is(await groupsOf(fake, settings), 'unknown');
});
