import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE apis (
      id             text PRIMARY KEY CHECK (id LIKE 'api\\_%'),
      name           text NOT NULL,
      environment    text NOT NULL CHECK (environment IN ('sandbox', 'production')),
      resource       text NOT NULL UNIQUE,
      audience       text NOT NULL UNIQUE,
      alg            text NOT NULL DEFAULT 'RS256'
                     CHECK (alg IN ('RS256', 'PS256', 'ES256', 'Ed25519')),
      typ            text NOT NULL DEFAULT 'at+jwt' CHECK (typ IN ('at+jwt', 'JWT')),
      token_lifetime integer NOT NULL DEFAULT 600 CHECK (token_lifetime BETWEEN 60 AND 3600),
      claims         text[] NOT NULL DEFAULT '{}',
      created_at     timestamptz NOT NULL DEFAULT now()
    );
    CREATE TABLE api_scopes (
      api_id      text NOT NULL REFERENCES apis ON DELETE CASCADE,
      name        text NOT NULL,
      description text NOT NULL,
      PRIMARY KEY (api_id, name)
    );
    CREATE INDEX api_scopes_name ON api_scopes (name);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE api_scopes; DROP TABLE apis');
}
