import type { Knex } from 'knex';

// Whoever signs up is no account before the address is proven: nothing can be planted in it.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE sign_ups (
      id              uuid PRIMARY KEY,
      email           text NOT NULL,
      given_name      text NOT NULL,
      family_name     text NOT NULL,
      password_hash   text NOT NULL,
      language        text NOT NULL,
      terms_version   text,
      interaction_uid text,
      client_id       text,
      expires_at      timestamptz NOT NULL,
      created_at      timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX sign_ups_email ON sign_ups (lower(email));
    CREATE INDEX sign_ups_expires_at ON sign_ups (expires_at);
    CREATE TABLE terms (
      version          text PRIMARY KEY,
      text             text NOT NULL,
      consent_required boolean NOT NULL,
      published_at     timestamptz NOT NULL DEFAULT now()
    );
    ALTER TABLE accounts
      ADD COLUMN approval text CHECK (approval IN ('waiting', 'rejected')),
      ADD COLUMN terms_version text,
      ADD COLUMN terms_accepted_at timestamptz,
      ADD COLUMN preferred_language text;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE accounts
      DROP COLUMN approval, DROP COLUMN terms_version, DROP COLUMN terms_accepted_at,
      DROP COLUMN preferred_language;
    DROP TABLE terms;
    DROP TABLE sign_ups;
  `);
}
