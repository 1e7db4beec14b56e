import type { Knex } from 'knex';

const TABLES = ['oidc_payloads', 'redeemed_jtis', 'rate_limits'];

// Rows of these tables come and go all day: vacuum must not wait until a fifth of millions is dead,
// and an update finds room on its own page.
export async function up(knex: Knex): Promise<void> {
  for (const table of TABLES)
    await knex.raw(
      `ALTER TABLE ${table} SET (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02,
         autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_insert_scale_factor = 0.05)`,
    );
}

export async function down(knex: Knex): Promise<void> {
  for (const table of TABLES)
    await knex.raw(
      `ALTER TABLE ${table} RESET (fillfactor, autovacuum_vacuum_scale_factor,
         autovacuum_vacuum_threshold, autovacuum_vacuum_insert_scale_factor)`,
    );
}
