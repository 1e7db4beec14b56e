// Signing out: there after here, and here because of there.
import test from 'ava';
import { createAgent } from '../_agent.ts';
import { startGatehouse } from '../_gatehouse.ts';
import { mainText, visit } from '../accounts/_person.ts';
import { addConnector, through } from './_connector.ts';
import { OUR_CLIENT } from './upstreams/_every-kind.ts';
import { createOidc } from './upstreams/_oidc.ts';

async function start(settings: Record<string, unknown> = {}) {
  const fake = createOidc({
    person: { sid: 'session-there' },
    metadata: { end_session_endpoint: 'https://login.example.org/logout' },
  });
  const gatehouse = await startGatehouse({}, [fake]);
  await addConnector(gatehouse, {
    ...{ id: 'example', kind: 'oidc', name: 'Example' },
    settings: {
      ...{ ...OUR_CLIENT, issuer: 'https://login.example.org', email_trust: 'verified' },
      ...settings,
    },
  });
  const agent = createAgent(gatehouse.issuer);
  await through(agent, await visit(gatehouse, agent), 'Example', fake);
  return { gatehouse, agent };
}

const isSignedIn = async ({ gatehouse, agent }: Awaited<ReturnType<typeof start>>) => {
  const page = await agent.get(`${gatehouse.issuer}/account`);
  return /jo@example\.org/.test(mainText(page));
};

test('our sign-out offers to sign out there, and the person ends where the client wants them', async (t) => {
  const started = await start({ upstream_logout: true });
  const { gatehouse, agent } = started;
  t.true(await isSignedIn(started));
  const page = await agent.get(`${gatehouse.issuer}/logout`);
  t.regex(mainText(page), /Also sign out of Example/);
  const leave = await agent.submit(page, 'Sign out', { upstream: 'yes' });
  const href = leave.html.querySelector('main a')?.getAttribute('href') ?? '';
  const url = new URL(href.replaceAll('&amp;', '&'));
  t.is(url.origin + url.pathname, 'https://login.example.org/logout');
  t.is(
    url.searchParams.get('post_logout_redirect_uri'),
    `${gatehouse.issuer}/federation/example/callback`,
  );
  const state = url.searchParams.get('state') ?? '';
  const back = await agent.get(`${gatehouse.issuer}/federation/example/callback?state=${state}`);
  t.regex(mainText(back), /You are signed out/);
  t.false(await isSignedIn(started));
  await gatehouse.stop();
});

test('a connector that offers none says that the person stays signed in there', async (t) => {
  const { gatehouse, agent } = await start();
  const page = await agent.get(`${gatehouse.issuer}/logout`);
  t.regex(mainText(page), /You stay signed in with Example/);
  await gatehouse.stop();
});

test('a front-channel sign-out there ends our session, without any cookie of ours', async (t) => {
  const started = await start();
  const { gatehouse } = started;
  const uri = `${gatehouse.issuer}/federation/example/front-channel-logout`;
  await fetch(`${uri}?sid=session-of-somebody-else`);
  t.true(await isSignedIn(started));
  const answer = await fetch(`${uri}?sid=session-there&iss=https://login.example.org`);
  t.is(answer.status, 200);
  t.regex(
    String(answer.headers.get('Content-Security-Policy')),
    /frame-ancestors https:\/\/login\.example\.org/,
  );
  t.false(await isSignedIn(started));
  await gatehouse.stop();
});
