import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE outgoing_mails (
      id         uuid PRIMARY KEY,
      kind       text NOT NULL,
      sealed     bytea,
      created_at timestamptz NOT NULL DEFAULT now(),
      sent_at    timestamptz
    );
    CREATE INDEX outgoing_mails_created_at ON outgoing_mails (created_at);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE outgoing_mails');
}
