import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE accounts (
      id             text PRIMARY KEY CHECK (id LIKE 'usr\\_%'),
      email          text NOT NULL,
      email_verified boolean NOT NULL DEFAULT false,
      given_name     text,
      family_name    text,
      roles          text[] NOT NULL DEFAULT '{}',
      state          text NOT NULL DEFAULT 'active'
                     CHECK (state IN ('pending', 'active', 'blocked', 'deleted')),
      password_hash  text,
      created_at     timestamptz NOT NULL DEFAULT now(),
      updated_at     timestamptz NOT NULL DEFAULT now()
    );
    CREATE UNIQUE INDEX accounts_email ON accounts (lower(email)) WHERE state <> 'deleted';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE accounts');
}
