import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE groups (
      id          text PRIMARY KEY CHECK (id LIKE 'grp\\_%'),
      name        text NOT NULL,
      description text,
      created_at  timestamptz NOT NULL DEFAULT now()
    );
    CREATE UNIQUE INDEX groups_name ON groups (lower(name));
    CREATE TABLE account_groups (
      account_id text NOT NULL REFERENCES accounts ON DELETE CASCADE,
      group_id   text NOT NULL REFERENCES groups ON DELETE CASCADE,
      added_at   timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (account_id, group_id)
    );
    CREATE INDEX account_groups_group ON account_groups (group_id);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE account_groups; DROP TABLE groups');
}
