import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE clients (
      id                         text PRIMARY KEY CHECK (id LIKE 'c\\_%'),
      kind                       text NOT NULL
                                 CHECK (kind IN ('web', 'spa', 'native', 'machine', 'mixed', 'resource-server')),
      name                       text NOT NULL,
      first_party                boolean NOT NULL DEFAULT false,
      token_endpoint_auth_method text NOT NULL
                                 CHECK (token_endpoint_auth_method IN ('none', 'client_secret_basic', 'private_key_jwt')),
      grant_types                text[] NOT NULL,
      redirect_uris              jsonb NOT NULL DEFAULT '[]',
      post_logout_redirect_uris  text[] NOT NULL DEFAULT '{}',
      allowed_cors_origins       text[] NOT NULL DEFAULT '{}',
      require_pkce               boolean NOT NULL DEFAULT true,
      default_api_id             text REFERENCES apis ON DELETE SET NULL,
      jwks                       jsonb,
      disabled_at                timestamptz,
      created_at                 timestamptz NOT NULL DEFAULT now()
    );
    CREATE TABLE credentials (
      id          text PRIMARY KEY,
      client_id   text NOT NULL REFERENCES clients ON DELETE CASCADE,
      name        text NOT NULL,
      secret_hash bytea NOT NULL,
      hint        text NOT NULL,
      created_at  timestamptz NOT NULL DEFAULT now(),
      expires_at  timestamptz
    );
    CREATE INDEX credentials_client ON credentials (client_id);
    CREATE TABLE entitlements (
      client_id text NOT NULL REFERENCES clients ON DELETE CASCADE,
      api_id    text NOT NULL,
      scope     text NOT NULL,
      PRIMARY KEY (client_id, api_id, scope),
      FOREIGN KEY (api_id, scope) REFERENCES api_scopes (api_id, name) ON DELETE CASCADE
    );
    CREATE INDEX entitlements_api ON entitlements (api_id, scope);
    ALTER TABLE apis ADD COLUMN client_id text REFERENCES clients ON DELETE SET NULL;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE apis DROP COLUMN client_id;
    DROP TABLE entitlements;
    DROP TABLE credentials;
    DROP TABLE clients;
  `);
}
