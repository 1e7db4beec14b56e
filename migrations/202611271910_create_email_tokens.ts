import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE email_tokens (
      id         bytea PRIMARY KEY,
      purpose    text NOT NULL,
      account_id text REFERENCES accounts (id) ON DELETE CASCADE,
      data       jsonb NOT NULL DEFAULT '{}',
      expires_at timestamptz NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX email_tokens_account_id ON email_tokens (account_id);
    CREATE INDEX email_tokens_email ON email_tokens ((data->>'email')) WHERE data->>'email' IS NOT NULL;
    CREATE INDEX email_tokens_expires_at ON email_tokens (expires_at);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE email_tokens');
}
