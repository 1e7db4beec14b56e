import type { Knex } from 'knex';

// Dynamic client registration (RFC 7591, 7592): under which rules a program may register clients, and
// what was registered so.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE registration_policies (
      id             text PRIMARY KEY CHECK (id LIKE 'reg\\_%'),
      -- Who comes under it: the bearer of an initial access token, or a client with an access token
      -- of the scope client:register.
      token_hash     bytea UNIQUE,
      hint           text,
      client_id      text UNIQUE REFERENCES clients ON DELETE CASCADE,
      -- Whose applications they become.
      owner_id       text NOT NULL REFERENCES accounts ON DELETE CASCADE,
      kinds          text[] NOT NULL CHECK (kinds <@ ARRAY['web', 'spa', 'native', 'machine']),
      -- Of redirect URIs; none: every host that the rules for redirect URIs take.
      redirect_hosts text[] NOT NULL DEFAULT '{}',
      product_ids    text[] NOT NULL DEFAULT '{}',
      environment    text NOT NULL DEFAULT 'sandbox' CHECK (environment IN ('sandbox', 'production')),
      uses_left      integer CHECK (uses_left >= 0),
      expires_at     timestamptz,
      revoked_at     timestamptz,
      last_used_at   timestamptz,
      created_at     timestamptz NOT NULL DEFAULT now(),
      CHECK ((token_hash IS NULL) = (client_id IS NOT NULL))
    );
    CREATE INDEX registration_policies_owner ON registration_policies (owner_id);
    CREATE TABLE registered_clients (
      client_id     text PRIMARY KEY REFERENCES clients ON DELETE CASCADE,
      -- Its rules hold for every later change.
      policy_id     text NOT NULL REFERENCES registration_policies ON DELETE CASCADE,
      -- Of the registration access token.
      token_hash    bytea NOT NULL UNIQUE,
      -- What the client says of itself, kept to be told again.
      metadata      jsonb NOT NULL,
      registered_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX registered_clients_policy ON registered_clients (policy_id);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE registered_clients, registration_policies');
}
