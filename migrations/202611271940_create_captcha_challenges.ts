import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE captcha_challenges (
      id         text PRIMARY KEY,
      answer     bytea NOT NULL,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX captcha_challenges_expires_at ON captcha_challenges (expires_at);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE captcha_challenges');
}
