import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE connectors (
      id         text PRIMARY KEY,
      kind       text NOT NULL,
      name       text NOT NULL,
      enabled    boolean NOT NULL DEFAULT true,
      settings   jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE connector_domains (
      domain       text PRIMARY KEY,
      connector_id text NOT NULL REFERENCES connectors ON DELETE CASCADE,
      dns_token    text NOT NULL,
      -- How it is known that the domain is theirs; null: not yet.
      proof        text CHECK (proof IN ('dns', 'asserted')),
      forced       boolean NOT NULL DEFAULT false,
      created_at   timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX connector_domains_connector ON connector_domains (connector_id);

    CREATE TABLE identities (
      id              text PRIMARY KEY CHECK (id LIKE 'idn\\_%'),
      connector_id    text NOT NULL REFERENCES connectors ON DELETE RESTRICT,
      issuer          text NOT NULL,
      subject         text NOT NULL,
      account_id      text NOT NULL REFERENCES accounts ON DELETE CASCADE,
      email           text,
      display_name    text,
      roles           text[] NOT NULL DEFAULT '{}',
      created_at      timestamptz NOT NULL DEFAULT now(),
      last_sign_in_at timestamptz,
      UNIQUE (connector_id, issuer, subject)
    );
    CREATE INDEX identities_account ON identities (account_id);

    -- Memberships that a connector's mapping gives; those made by hand are in account_groups.
    CREATE TABLE identity_groups (
      identity_id text NOT NULL REFERENCES identities ON DELETE CASCADE,
      group_id    text NOT NULL REFERENCES groups ON DELETE CASCADE,
      PRIMARY KEY (identity_id, group_id)
    );
    CREATE INDEX identity_groups_group ON identity_groups (group_id);

    CREATE TABLE federation_attempts (
      id           bytea PRIMARY KEY,
      connector_id text NOT NULL REFERENCES connectors ON DELETE CASCADE,
      sealed       bytea NOT NULL,
      answer       bytea,
      expires_at   timestamptz NOT NULL
    );
    CREATE INDEX federation_attempts_expiry ON federation_attempts (expires_at);

    CREATE TABLE pending_identities (
      id           bytea PRIMARY KEY,
      connector_id text NOT NULL REFERENCES connectors ON DELETE CASCADE,
      sealed       bytea NOT NULL,
      expires_at   timestamptz NOT NULL
    );
    CREATE INDEX pending_identities_expiry ON pending_identities (expires_at);

    CREATE TABLE upstream_sessions (
      session_uid  bytea PRIMARY KEY,
      identity_id  text NOT NULL REFERENCES identities ON DELETE CASCADE,
      issuer       text NOT NULL,
      sid          text,
      sealed       bytea,
      expires_at   timestamptz NOT NULL
    );
    CREATE INDEX upstream_sessions_identity ON upstream_sessions (identity_id);
    CREATE INDEX upstream_sessions_sid ON upstream_sessions (issuer, sid);
    CREATE INDEX upstream_sessions_expiry ON upstream_sessions (expires_at);

    CREATE TABLE upstream_tokens (
      identity_id text PRIMARY KEY REFERENCES identities ON DELETE CASCADE,
      key_id      text NOT NULL,
      sealed      bytea NOT NULL,
      renew_at    timestamptz NOT NULL
    );
    CREATE INDEX upstream_tokens_renewal ON upstream_tokens (renew_at);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TABLE upstream_tokens, upstream_sessions, pending_identities, federation_attempts,
      identity_groups, identities, connector_domains, connectors
  `);
}
