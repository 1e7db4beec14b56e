import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE consents (
      account_id text NOT NULL REFERENCES accounts ON DELETE CASCADE,
      client_id  text NOT NULL REFERENCES clients ON DELETE CASCADE,
      resource   text NOT NULL,
      scope      text NOT NULL,
      given_at   timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (account_id, client_id, resource, scope)
    );
    CREATE INDEX consents_client ON consents (client_id);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE consents');
}
