import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE installation (
      one        boolean PRIMARY KEY DEFAULT true CHECK (one),
      mode       text NOT NULL CHECK (mode IN ('demo', 'production')),
      issuer     text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    );
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE installation');
}
