import type { Knex } from 'knex';

// The lists of those who decide: what waits, what is active, page by page.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE INDEX subscriptions_listed ON subscriptions (environment, state, created_at, id);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP INDEX subscriptions_listed');
}
