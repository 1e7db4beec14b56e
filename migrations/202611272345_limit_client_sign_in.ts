import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Which ways to sign in a client offers; null: every connector.
    ALTER TABLE clients ADD COLUMN connector_ids text[],
      ADD COLUMN password_sign_in boolean NOT NULL DEFAULT true
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE clients DROP COLUMN connector_ids, DROP COLUMN password_sign_in');
}
