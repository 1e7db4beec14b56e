import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE signing_keys (
      kid          text PRIMARY KEY,
      alg          text NOT NULL CHECK (alg IN ('RS256', 'PS256', 'ES256', 'Ed25519')),
      state        text NOT NULL CHECK (state IN ('next', 'current', 'retired')),
      public_jwk   jsonb NOT NULL,
      private_jwk  bytea NOT NULL,
      created_at   timestamptz NOT NULL DEFAULT now(),
      activated_at timestamptz,
      retired_at   timestamptz
    );
    CREATE UNIQUE INDEX signing_keys_current ON signing_keys (alg) WHERE state = 'current';
    CREATE UNIQUE INDEX signing_keys_next ON signing_keys (alg) WHERE state = 'next';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE signing_keys');
}
