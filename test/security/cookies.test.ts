// T-55: cookies of others' making are not believed, and break nothing.
import { createHmac } from 'node:crypto';
import test from 'ava';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { authorization, obtainCode } from './_flow.ts';

let gatehouse: Gatehouse;
/** The session cookie of somebody who is signed in, and its signature. */
let session: string;
let signature: string;
test.before(async () => {
  gatehouse = await startGatehouse();
  const { agent } = await obtainCode(gatehouse, 'web');
  const cookies = await agent.jar.getCookies(gatehouse.issuer);
  session = cookies.find(({ key }) => key === 'gatehouse_session')?.value ?? '';
  signature = cookies.find(({ key }) => key === 'gatehouse_session.sig')?.value ?? '';
});
test.after.always(() => gatehouse?.stop());

/** Who a request with these cookies is: `code` for a session, `login_required` for nobody. */
async function whoIs(Cookie: string): Promise<{ status: number; is: string; set: string[] }> {
  const { url } = authorization(gatehouse, 'web', { prompt: 'none' });
  const answer = await fetch(url, { redirect: 'manual', headers: { Cookie } });
  const location = answer.headers.get('Location') ?? '';
  const params = location ? new URL(location).searchParams : undefined;
  await answer.body?.cancel();
  const is = params?.get('code') ? 'code' : (params?.get('error') ?? 'nothing');
  return { status: answer.status, is, set: answer.headers.getSetCookie() };
}

test.serial('T-55 an unsigned, wrongly signed or half cookie is nobody', async (t) => {
  const flipped = signature.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A'));
  const sha1 = createHmac('sha1', 'change me')
    .update(`gatehouse_session=${session}`)
    .digest('base64url');
  const cookies = [
    `gatehouse_session=${session}`,
    `gatehouse_session.sig=${signature}`,
    `gatehouse_session=${session}; gatehouse_session.sig=`,
    `gatehouse_session=${session}; gatehouse_session.sig=${flipped}`,
    `gatehouse_session=${session}; gatehouse_session.sig=${signature.slice(0, -1)}`,
    `gatehouse_session=${session}; gatehouse_session.sig=${signature}x`,
    `gatehouse_session=${session}; gatehouse_session.sig=${sha1}`,
    `gatehouse_session=${session}x; gatehouse_session.sig=${signature}`,
    `gatehouse_session=; gatehouse_session.sig=${signature}`,
    `gatehouse_session="${session}"; gatehouse_session.sig="${flipped}"`,
    `Gatehouse_Session=${session}; Gatehouse_Session.sig=${signature}`,
    `_session=${session}; _session.sig=${signature}`,
    `__Host-gatehouse_session=${session}; __Host-gatehouse_session.sig=${signature}`,
    `gatehouse_session=${session}, gatehouse_session.sig=${signature}`,
    `gatehouse_session.legacy=${session}; gatehouse_session.legacy.sig=${signature}`,
  ];
  for (const cookie of cookies) t.is((await whoIs(cookie)).is, 'login_required', cookie);
});

test.serial(
  'T-55 a tossed cookie of the same name makes nobody of somebody, at worst',
  async (t) => {
    const attacker = 'A'.repeat(43);
    const own = `gatehouse_session=${session}`;
    const tossed = `gatehouse_session=${attacker}`;
    const pairs = [
      `${own}; ${tossed}; gatehouse_session.sig=${signature}`,
      `${tossed}; ${own}; gatehouse_session.sig=${signature}`,
      `${own}; gatehouse_session.sig=${signature}; gatehouse_session.sig=${attacker}`,
      `${own}; gatehouse_session.sig=${attacker}; gatehouse_session.sig=${signature}`,
      `${tossed}; gatehouse_session.sig=${attacker}; ${own}; gatehouse_session.sig=${signature}`,
    ];
    for (const cookie of pairs) {
      const answer = await whoIs(cookie);
      t.true(['code', 'login_required'].includes(answer.is), `${cookie} ${answer.is}`);
      t.false(
        answer.set.some((text) => text.includes(attacker)),
        'nothing planted comes back',
      );
    }
  },
);

test.serial('T-55 garbage in the Cookie header is nobody, and no error', async (t) => {
  const garbage = [
    '',
    ';',
    '=',
    '=;=;=',
    'gatehouse_session',
    'gatehouse_session=%00; gatehouse_session.sig=%00',
    'gatehouse_session=%zz; gatehouse_session.sig=%zz',
    'gatehouse_session={}; gatehouse_session.sig={}',
    '__proto__=x; constructor=y',
    "gatehouse_session=' OR 1=1--; gatehouse_session.sig=x",
    `gatehouse_session=${'x'.repeat(8000)}; gatehouse_session.sig=x`,
    `${'a=b; '.repeat(2000)}x=y`,
    Array.from({ length: 300 }, (_, n) => `c${n}=${'x'.repeat(20)}`).join('; '),
    'gatehouse_session=\u00ff\u00fe',
    '\t\t\t',
    'gatehouse_interaction=x; gatehouse_interaction.sig=y; gatehouse_resume=z; gatehouse_resume.sig=w',
  ];
  for (const cookie of garbage) {
    const answer = await whoIs(cookie);
    t.is(answer.is, 'login_required', cookie.slice(0, 60));
    for (const path of ['/', '/logout', '/interaction/x', '/authorize/x', '/userinfo', '/jwks']) {
      const { status, body } = await fetch(gatehouse.issuer + path, {
        redirect: 'manual',
        headers: { Cookie: cookie, Accept: 'text/html' },
      });
      await body?.cancel();
      t.true(status < 500, `${path} ${cookie.slice(0, 60)}`);
    }
  }
});

test.serial('T-55 a cookie bomb is refused, and a browser without it goes on', async (t) => {
  const { url } = authorization(gatehouse, 'web');
  const Cookie = Array.from({ length: 20 }, (_, n) => `bomb${n}=${'x'.repeat(4000)}`).join('; ');
  const answer = await fetch(url, { redirect: 'manual', headers: { Cookie } });
  t.is(answer.status, 431);
  t.is((await fetch(url, { redirect: 'manual' })).status, 303);
});

test.serial('T-38 a planted session id is not taken over', async (t) => {
  const planted = 'planted'.padEnd(43, 'x');
  for (const sig of ['', 'x', signature]) {
    const agent = createAgent(gatehouse.issuer);
    await agent.jar.setCookie(`gatehouse_session=${planted}; Path=/`, gatehouse.issuer);
    if (sig) await agent.jar.setCookie(`gatehouse_session.sig=${sig}; Path=/`, gatehouse.issuer);
    await obtainCode(gatehouse, 'web', { agent });
    const cookies = await agent.jar.getCookies(gatehouse.issuer);
    const value = cookies.find(({ key }) => key === 'gatehouse_session')?.value;
    t.truthy(value);
    t.not(value, planted);
  }
  t.is((await whoIs(`gatehouse_session=${planted}`)).is, 'login_required');
});

test.serial('T-38 the session id changes at every sign-in, and the old one is dead', async (t) => {
  const agent = createAgent(gatehouse.issuer);
  const cookie = () => agent.jar.getCookieString(gatehouse.issuer);
  await agent.get(`${gatehouse.issuer}/logout`);
  const anonymous = await cookie();
  const seen = new Set([anonymous]);
  await obtainCode(gatehouse, 'web', { agent });
  const first = await cookie();
  seen.add(first);
  t.is((await whoIs(first)).is, 'code');
  for (const overrides of [{ prompt: 'login' }, { max_age: '0' }]) {
    const before = await cookie();
    await obtainCode(gatehouse, 'web', { agent, overrides });
    const after = await cookie();
    t.false(seen.has(after));
    seen.add(after);
    t.is((await whoIs(before)).is, 'login_required', 'the old one');
    t.is((await whoIs(after)).is, 'code', 'the new one');
  }
  t.is((await whoIs(anonymous)).is, 'login_required');
});

test.serial(
  'T-38 who planted a session id cannot go on in it once somebody signed in',
  async (t) => {
    const attacker = createAgent(gatehouse.issuer);
    await attacker.get(`${gatehouse.issuer}/logout`);
    const begun = await attacker.get(authorization(gatehouse, 'web').url);
    const victim = createAgent(gatehouse.issuer);
    for (const cookie of await attacker.jar.getCookies(gatehouse.issuer))
      if (cookie.key.startsWith('gatehouse_session'))
        await victim.jar.setCookie(cookie.toString(), gatehouse.issuer);
    await obtainCode(gatehouse, 'web', { agent: victim });
    const resume = begun.url.replace('/interaction/', '/authorize/');
    const answer = await attacker.request(resume);
    // Asked to sign in: the attacker is nobody.
    t.regex(answer.headers.get('Location') ?? '', /^[^?]*\/interaction\//);
    t.is((await whoIs(await attacker.jar.getCookieString(gatehouse.issuer))).is, 'login_required');
    t.is((await whoIs(await victim.jar.getCookieString(gatehouse.issuer))).is, 'code');
  },
);

test.serial('T-55 the value of a session that was ended is refused', async (t) => {
  const { agent } = await obtainCode(gatehouse, 'web');
  const Cookie = await agent.jar.getCookieString(gatehouse.issuer);
  t.is((await whoIs(Cookie)).is, 'code');
  const page = await agent.get(`${gatehouse.issuer}/logout`);
  await agent.submit(page, 'Sign out');
  t.is((await whoIs(Cookie)).is, 'login_required');
});

test.serial(
  'T-55 cookies over http on loopback are HttpOnly, Lax and of this host only',
  async (t) => {
    const answer = await fetch(authorization(gatehouse, 'web').url, { redirect: 'manual' });
    const cookies = answer.headers.getSetCookie();
    t.true(cookies.length >= 4);
    for (const text of cookies) {
      t.regex(text, /; httponly/i);
      t.regex(text, /; samesite=lax/i);
      t.notRegex(text, /; (secure|domain=)/i);
      // The browser's own mark is for every path, so that https makes it a __Host- cookie.
      const path = text.startsWith('gatehouse_browser_')
        ? /; path=\/(;|$)/
        : /; path=\/(interaction|authorize)\/[A-Za-z0-9_-]{43}/;
      t.regex(text, path);
    }
  },
);
