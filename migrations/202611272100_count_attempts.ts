import type { Knex } from 'knex';

// rate_limits stays for processes of the release before; the release after this one drops it.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE attempts (
      key           text PRIMARY KEY,
      count         integer NOT NULL,
      blocked_until timestamptz NOT NULL DEFAULT '-infinity',
      expires_at    timestamptz NOT NULL
    ) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02,
            autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_insert_scale_factor = 0.05);
    CREATE INDEX attempts_expires_at ON attempts (expires_at);

    CREATE TYPE attempt_counter AS (
      key text, free integer, first double precision, longest double precision,
      forget_after double precision, refuses boolean
    );

    -- Takes one attempt on every counter, or on none when one of them refuses: then all tell the longest
    -- wait, which is never 0. Counters are locked in one order, so attempts that share some wait for
    -- each other and never for ever.
    CREATE FUNCTION take_attempts(counters jsonb)
    RETURNS TABLE (key text, count integer, wait double precision) LANGUAGE plpgsql AS $$
    #variable_conflict use_column
    DECLARE
      present timestamptz;
      wanted attempt_counter[] := ARRAY(
        SELECT c FROM jsonb_populate_recordset(NULL::attempt_counter, counters) AS c ORDER BY c.key);
      remaining double precision;
    BEGIN
      -- Whoever is refused writes nothing: a flood of attempts costs a look-up each.
      remaining := attempts_wait(wanted);
      IF remaining IS NULL THEN
        INSERT INTO attempts AS a (key, count, expires_at)
        SELECT c.key, 0, clock_timestamp() + make_interval(secs => c.forget_after)
          FROM unnest(wanted) AS c
        ON CONFLICT ON CONSTRAINT attempts_pkey DO UPDATE SET
          count = CASE WHEN a.expires_at > clock_timestamp() THEN a.count ELSE 0 END;
        -- Others may have been counted while this one waited for its locks.
        remaining := attempts_wait(wanted);
      END IF;
      -- The wait is the one that was decided on: asked again, it may be over, and 0 means go on.
      IF remaining IS NOT NULL THEN
        RETURN QUERY SELECT c.key, coalesce(a.count, 0), remaining
          FROM unnest(wanted) AS c LEFT JOIN attempts AS a ON a.key = c.key;
        RETURN;
      END IF;
      present := clock_timestamp();
      RETURN QUERY UPDATE attempts AS a SET
          count = a.count + 1,
          blocked_until = CASE WHEN a.count + 1 < c.free THEN '-infinity'
            ELSE present + attempt_delay(a.count + 1, c) END,
          expires_at = present + attempt_delay(a.count + 1, c) + make_interval(secs => c.forget_after)
        FROM unnest(wanted) AS c WHERE a.key = c.key
        RETURNING a.key, a.count, 0::double precision;
    END $$;

    -- The longest wait in seconds, always more than 0; NULL when no counter refuses.
    CREATE FUNCTION attempts_wait(wanted attempt_counter[])
    RETURNS double precision LANGUAGE sql AS $$
      SELECT greatest(max(extract(epoch FROM a.blocked_until - moment.present)), 0.001)::double precision
      FROM (SELECT clock_timestamp() AS present OFFSET 0) AS moment, unnest(wanted) AS c
        JOIN attempts AS a ON a.key = c.key
      WHERE c.refuses AND a.blocked_until > moment.present
      HAVING count(*) > 0
    $$;

    -- Twice as long with every attempt beyond the free ones, up to the longest.
    CREATE FUNCTION attempt_delay(count integer, counter attempt_counter)
    RETURNS interval LANGUAGE sql IMMUTABLE AS $$
      SELECT make_interval(secs => CASE WHEN count < counter.free THEN 0
        ELSE least(counter.longest, counter.first * 2 ^ least(count - counter.free, 30)) END)
    $$;

    -- Attempts that turned out to be honest. One that was counted could be made, so nothing was
    -- blocked before it, and nothing is after it is given back.
    CREATE FUNCTION settle_attempts(forgotten text[], given_back text[])
    RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM FROM attempts WHERE key = ANY (forgotten || given_back) ORDER BY key FOR UPDATE;
      DELETE FROM attempts WHERE key = ANY (forgotten);
      UPDATE attempts SET count = greatest(count - 1, 0), blocked_until = '-infinity'
        WHERE key = ANY (given_back);
    END $$;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP FUNCTION settle_attempts(text[], text[]);
    DROP FUNCTION take_attempts(jsonb);
    DROP FUNCTION attempts_wait(attempt_counter[]);
    DROP FUNCTION attempt_delay(integer, attempt_counter);
    DROP TYPE attempt_counter;
    DROP TABLE attempts;
  `);
}
