// Where a connector keeps refresh tokens, an account that ended there ends its sessions here.
import test from 'ava';
import { renewUpstreamTokens } from '../../src/federation/sessions/renew-upstream.ts';
import { startSignedIn } from './_connector.ts';
import { createOidc } from './upstreams/_oidc.ts';

async function start(settings: Record<string, unknown> = {}) {
  const fake = createOidc();
  const { gatehouse, isSignedIn } = await startSignedIn(fake, settings);
  const { knex } = gatehouse.db;
  const kept = () => knex('upstream_tokens');
  const errors: unknown[] = [];
  const renew = async () => {
    await knex('upstream_tokens').update({ renew_at: knex.fn.now() });
    await renewUpstreamTokens({
      ...{ db: gatehouse.db, upstreams: gatehouse.upstreams },
      encryptionKeys: gatehouse.config.secrets.encryptionKeys,
      onError: (error) => errors.push(error),
    });
  };
  return { gatehouse, fake, kept, renew, errors, isSignedIn };
}

test('no token is kept unless the connector says so', async (t) => {
  const { gatehouse, kept } = await start();
  t.deepEqual(await kept(), []);
  await gatehouse.stop();
});

test('a kept token is sealed under a named key, and replaced by its successor', async (t) => {
  const { gatehouse, fake, kept, renew, errors, isSignedIn } = await start({ store_tokens: true });
  const [before] = await kept();
  t.regex(before.key_id, /^[0-9a-f]{16}$/);
  const clear = fake.issuedRefreshTokens.at(-1) ?? '';
  t.false(before.sealed.includes(clear));
  await renew();
  t.deepEqual(errors, []);
  t.is(fake.issuedRefreshTokens.length, 2);
  const [after] = await kept();
  t.notDeepEqual(after.sealed, before.sealed);
  t.true(await isSignedIn());
  await gatehouse.stop();
});

test('an account that ended there ends its sessions here, and the trail says so', async (t) => {
  const { gatehouse, fake, kept, renew, isSignedIn } = await start({ store_tokens: true });
  fake.faults = { token: { error: 'invalid_grant' } };
  await renew();
  t.false(await isSignedIn());
  t.deepEqual(await kept(), []);
  const [event] = await gatehouse.db.knex('audit_events').where({ type: 'session.ended-upstream' });
  t.is(event.detail.reason, 'invalid_grant');
  await gatehouse.stop();
});

test('an upstream that cannot be reached ends nothing, and is asked again later', async (t) => {
  const { gatehouse, fake, kept, renew, errors, isSignedIn } = await start({ store_tokens: true });
  fake.faults = { answers: { token: 'status 500' } };
  await renew();
  t.is(errors.length, 1);
  t.true(await isSignedIn());
  const due = await kept().whereRaw("renew_at > now() + interval '50 minutes'");
  t.is(due.length, 1);
  await gatehouse.stop();
});
