import type { Knex } from 'knex';

// Who is invited to look after an application, its logo, and what the audit trail has of it.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE application_invitations (
      id             text PRIMARY KEY CHECK (id LIKE 'ain\\_%'),
      application_id text NOT NULL REFERENCES applications ON DELETE CASCADE,
      email          text NOT NULL,
      token_hash     bytea NOT NULL UNIQUE,
      invited_by     text NOT NULL REFERENCES accounts ON DELETE CASCADE,
      created_at     timestamptz NOT NULL DEFAULT now(),
      expires_at     timestamptz NOT NULL
    );
    CREATE UNIQUE INDEX application_invitations_address
      ON application_invitations (application_id, lower(email));
    CREATE INDEX application_invitations_inviter ON application_invitations (invited_by);
    CREATE INDEX application_invitations_expiry ON application_invitations (expires_at);

    CREATE TABLE application_logos (
      application_id text PRIMARY KEY REFERENCES applications ON DELETE CASCADE,
      -- SHA-256 in hex: the name under which it is served.
      digest         text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
      media_type     text NOT NULL CHECK (media_type IN ('image/png', 'image/jpeg', 'image/webp')),
      image          bytea NOT NULL CHECK (octet_length(image) BETWEEN 1 AND 102400)
    );
    CREATE INDEX application_logos_digest ON application_logos (digest);

    CREATE INDEX audit_events_application ON audit_events ((detail->>'application_id'), id)
      WHERE detail->>'application_id' IS NOT NULL;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP INDEX audit_events_application;
    DROP TABLE application_logos, application_invitations;
  `);
}
