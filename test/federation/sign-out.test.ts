// Signing out: there after here, and here because of there.
import test from 'ava';
import { mainText } from '../accounts/_person.ts';
import { startSignedIn } from './_connector.ts';
import { createOidc } from './upstreams/_oidc.ts';

function start(settings: Record<string, unknown> = {}) {
  const fake = createOidc({
    person: { sid: 'session-there' },
    metadata: { end_session_endpoint: 'https://login.example.org/logout' },
  });
  return startSignedIn(fake, settings);
}

test('our sign-out offers to sign out there, and the person ends where the client wants them', async (t) => {
  const { gatehouse, agent, isSignedIn } = await start({ upstream_logout: true });
  t.true(await isSignedIn());
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
  t.false(await isSignedIn());
  await gatehouse.stop();
});

test('a connector that offers none says that the person stays signed in there', async (t) => {
  const { gatehouse, agent } = await start();
  const page = await agent.get(`${gatehouse.issuer}/logout`);
  t.regex(mainText(page), /You stay signed in with Example/);
  await gatehouse.stop();
});

test('a front-channel sign-out there ends our session, without any cookie of ours', async (t) => {
  const { gatehouse, isSignedIn } = await start();
  const uri = `${gatehouse.issuer}/federation/example/front-channel-logout`;
  await fetch(`${uri}?sid=session-of-somebody-else`);
  t.true(await isSignedIn());
  const answer = await fetch(`${uri}?sid=session-there&iss=https://login.example.org`);
  t.is(answer.status, 200);
  t.regex(
    String(answer.headers.get('Content-Security-Policy')),
    /frame-ancestors https:\/\/login\.example\.org/,
  );
  t.false(await isSignedIn());
  await gatehouse.stop();
});
