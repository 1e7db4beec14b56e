import type { Knex } from 'knex';

// From when a key may sign and until when it is published, decided once, by the database's clock.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE signing_keys ADD COLUMN usable_from timestamptz, ADD COLUMN published_until timestamptz;
    UPDATE signing_keys SET
      usable_from = CASE state WHEN 'next' THEN created_at + interval '1 day'
        ELSE coalesce(activated_at, created_at) END,
      published_until = CASE state WHEN 'retired' THEN retired_at + interval '25 hours' END;

    -- The previous release, which may run beside this one, fills in neither.
    CREATE FUNCTION complete_key_times() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        NEW.usable_from := coalesce(NEW.usable_from,
          now() + CASE NEW.state WHEN 'next' THEN interval '1 day' ELSE interval '0' END);
        IF NEW.state = 'retired' THEN
          NEW.published_until := coalesce(NEW.published_until, now() + interval '25 hours');
        END IF;
        RETURN NEW;
      END
    $$;
    CREATE TRIGGER signing_keys_times BEFORE INSERT OR UPDATE ON signing_keys
      FOR EACH ROW EXECUTE FUNCTION complete_key_times();

    ALTER TABLE signing_keys
      ALTER COLUMN usable_from SET NOT NULL,
      ADD CONSTRAINT signing_keys_published_until
        CHECK ((state = 'retired') = (published_until IS NOT NULL));
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TRIGGER signing_keys_times ON signing_keys;
    DROP FUNCTION complete_key_times();
    ALTER TABLE signing_keys DROP COLUMN usable_from, DROP COLUMN published_until;
  `);
}
