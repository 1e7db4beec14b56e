import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE invitations (
      id           text PRIMARY KEY CHECK (id LIKE 'inv\\_%'),
      token_hash   bytea NOT NULL,
      email        text NOT NULL,
      language     text NOT NULL,
      group_ids    text[] NOT NULL DEFAULT '{}',
      roles        text[] NOT NULL DEFAULT '{}',
      message      text,
      inviter_id   text NOT NULL REFERENCES accounts ON DELETE CASCADE,
      inviter_name text NOT NULL,
      client_id    text REFERENCES clients ON DELETE SET NULL,
      created_at   timestamptz NOT NULL DEFAULT now(),
      expires_at   timestamptz NOT NULL,
      accepted_at  timestamptz,
      accepted_by  text REFERENCES accounts ON DELETE CASCADE,
      revoked_at   timestamptz,
      asked_at     timestamptz
    );
    CREATE UNIQUE INDEX invitations_token ON invitations (token_hash);
    CREATE INDEX invitations_email ON invitations (lower(email));
    CREATE INDEX invitations_inviter ON invitations (inviter_id);
    CREATE INDEX invitations_accepted_by ON invitations (accepted_by);
    CREATE INDEX invitations_client ON invitations (client_id);
    CREATE INDEX invitations_expiry ON invitations (expires_at);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE invitations');
}
