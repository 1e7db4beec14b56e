import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE audit_events (
      id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      at             timestamptz NOT NULL DEFAULT now(),
      type           text NOT NULL,
      account_id     text,
      client_id      text,
      network        text,
      correlation_id text,
      detail         jsonb NOT NULL DEFAULT '{}'
    );
    CREATE INDEX audit_events_account ON audit_events (account_id, at) WHERE account_id IS NOT NULL;
    CREATE INDEX audit_events_client ON audit_events (client_id, at) WHERE client_id IS NOT NULL;
    CREATE INDEX audit_events_correlation ON audit_events (correlation_id);
    CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'audit_events is append-only' USING ERRCODE = '42501';
      END
    $$;
    CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE audit_events; DROP FUNCTION refuse_audit_change()');
}
