import type { Knex } from 'knex';

// How often each kind of configuration has changed: a node whose caches are of an older generation
// learns it by asking, where no notification reaches it.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE generations (
      topic      text PRIMARY KEY,
      generation bigint NOT NULL
    );
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE generations');
}
