// Our adapter keeps to the contract, on PostgreSQL.
import test from 'ava';
import { createAdapter } from '../../src/oidc/adapter.ts';
import { isUnstorable, openDatabase } from '../../src/storage/database.ts';
import { createTestDatabase } from '../_database.ts';
import { testAdapter } from './_adapter-contract.ts';
import { LIFETIME, payloadOf, randomId } from './_artefacts.ts';

async function open() {
  const database = await createTestDatabase();
  const db = openDatabase({ url: database.url, name: 'adapter-contract' });
  return {
    factory: createAdapter(db),
    async rows() {
      const { rows } = await db.knex.raw('SELECT row::text FROM oidc_payloads AS row');
      return JSON.stringify(rows);
    },
    async advance(seconds: number) {
      await db.knex('oidc_payloads').update({
        expires_at: db.knex.raw("expires_at - ? * interval '1 second'", [seconds]),
      });
    },
    async close() {
      await db.close();
      await database.drop();
    },
  };
}

testAdapter('PostgreSQL', open, {
  // Nobody registers clients over the wire, and credentials are not issued.
  unstored: ['InitialAccessToken', 'PreAuthorizedCode', 'RegistrationAccessToken'],
  endedOnce: ['Interaction'],
  withheld: [
    'Interaction.session.cookie',
    'Interaction.params.id_token_hint',
    'Interaction.prompt.details.id_token_hint',
    'BackchannelAuthenticationRequest.params.id_token_hint',
    'DeviceCode.params.id_token_hint',
  ],
  // Found by another value than its own, an artefact cannot say its own.
  withheldByUid: ['jti', 'state'],
  withheldByUserCode: ['jti', 'params.id_token_hint'],
});

test('text that PostgreSQL cannot hold is refused as such, so that the client gets a 400', async (t) => {
  const { factory, close } = await open();
  try {
    for (const nonce of ['a\0b', 'a\ud800b']) {
      const id = randomId();
      const payload = payloadOf('AuthorizationCode', id, { nonce });
      const error = await t.throwsAsync(async () =>
        factory('AuthorizationCode').upsert(id, payload, LIFETIME),
      );
      t.true(isUnstorable(error), String(error));
    }
  } finally {
    await close();
  }
});
