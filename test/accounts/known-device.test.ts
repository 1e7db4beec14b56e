// The cookie of a known device, on a server that does nothing else.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import Koa from 'koa';
import { createKnownDevices } from '../../src/accounts/known-device.ts';

const HTTPS = { 'X-Forwarded-Proto': 'https' };

/** Remembers an address at /remember/<address>, and answers at /find/<address> what it finds. */
async function open(t: ExecutionContext, keys: Buffer[]) {
  const devices = createKnownDevices({ keys, secure: true });
  const app = new Koa({ proxy: true });
  app.use((ctx) => {
    const [, what, email = ''] = ctx.path.split('/').map(decodeURIComponent);
    if (what === 'remember') devices.remember(ctx, email);
    ctx.body = devices.find(ctx, email) ?? 'nobody';
  });
  const server = app.listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return async (what: string, email: string, cookie = '') => {
    const url = `${origin}/${what}/${encodeURIComponent(email)}`;
    const answer = await fetch(url, { headers: { ...HTTPS, Cookie: cookie } });
    const [set = ''] = answer.headers.getSetCookie();
    return { is: await answer.text(), set, cookie: set.replace(/;.*/, '') };
  };
}

test('it is a __Host- cookie of an https issuer, without the address in it', async (t) => {
  const ask = await open(t, [randomBytes(32)]);
  const { set } = await ask('remember', 'noor@example.com');
  t.regex(
    set,
    /^__Host-gatehouse_device=[\w-]{22}\.[\w-]{22}; path=\/; expires=.*; samesite=lax; secure; httponly$/i,
  );
  t.notRegex(set, /domain=/i);
});

test('it is for one address, in any spelling', async (t) => {
  const ask = await open(t, [randomBytes(32)]);
  const { cookie } = await ask('remember', 'noor@example.com');
  t.regex((await ask('find', ' Noor@EXAMPLE.com', cookie)).is, /^[\w-]{22}$/);
  t.is((await ask('find', 'sam@example.com', cookie)).is, 'nobody');
  t.is((await ask('find', 'noor@example.com')).is, 'nobody');
});

test('the eight who signed in last are known', async (t) => {
  const ask = await open(t, [randomBytes(32)]);
  let cookie = '';
  for (let n = 0; n < 9; n += 1)
    ({ cookie } = await ask('remember', `person${n}@example.com`, cookie));
  const found = async (n: number) => (await ask('find', `person${n}@example.com`, cookie)).is;
  t.is(await found(0), 'nobody');
  for (let n = 1; n < 9; n += 1) t.not(await found(n), 'nobody', String(n));
});

test('it outlives a change of the key, as long as the old one is accepted', async (t) => {
  const [old, current] = [randomBytes(32), randomBytes(32)];
  const { cookie } = await (await open(t, [old]))('remember', 'noor@example.com');
  t.not((await (await open(t, [current, old]))('find', 'noor@example.com', cookie)).is, 'nobody');
  t.is((await (await open(t, [current]))('find', 'noor@example.com', cookie)).is, 'nobody');
});
