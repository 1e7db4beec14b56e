import type { Knex } from 'knex';

// commit_artefacts takes the place of apply_artefacts, which the previous release goes on calling.
// New: the sealed answer of a refresh, so that a client that lost it may ask again, and sessions
// that several windows write at once. Whoever redeems second gets SQLSTATE GH001. It answers true when
// a session was written under an id that another window changed meanwhile.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE oidc_payloads ADD COLUMN answer bytea, ADD COLUMN successor bytea;
    CREATE INDEX oidc_payloads_answer ON oidc_payloads (consumed_at) WHERE answer IS NOT NULL;
    ALTER TABLE clients ADD COLUMN rotate_refresh_tokens boolean NOT NULL DEFAULT false;
  `);
  await knex.raw(
    `
    CREATE FUNCTION commit_artefacts(operations jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
    DECLARE
      operation jsonb;
      touched integer;
      family bigint;
      stored jsonb;
      known jsonb;
      own jsonb;
      merged jsonb;
      outdated boolean := false;
    BEGIN
      -- One lock order for everyone: families (grants and sessions) by number, before any row.
      -- By advisory lock, because the row of a revoked grant is gone and could not be waited for.
      FOR family IN
        SELECT DISTINCT ('x' || left(coalesce(value ->> 'grant_id', value ->> 'uid'), 16))::bit(64)::bigint
        FROM jsonb_array_elements(operations)
        WHERE value ->> 'grant_id' IS NOT NULL OR value ->> 'uid' IS NOT NULL ORDER BY 1
      LOOP
        PERFORM pg_advisory_xact_lock(family);
      END LOOP;

      FOR operation IN SELECT value FROM jsonb_array_elements(operations) LOOP
        touched := 1;
        CASE operation ->> 'op'
          WHEN 'upsert' THEN
            INSERT INTO oidc_payloads
              (model, id, payload, grant_id, uid, user_code, account_id, client_id, expires_at)
            VALUES (
              operation ->> 'model', decode(operation ->> 'id', 'hex'), operation -> 'payload',
              decode(operation ->> 'grant_id', 'hex'), decode(operation ->> 'uid', 'hex'),
              decode(operation ->> 'user_code', 'hex'), operation ->> 'account_id',
              operation ->> 'client_id',
              now() + (operation ->> 'seconds')::int * interval '1 second')
            ON CONFLICT (id, model) DO UPDATE SET
              payload = excluded.payload,
              grant_id = excluded.grant_id, uid = excluded.uid, user_code = excluded.user_code,
              account_id = excluded.account_id, client_id = excluded.client_id,
              expires_at = excluded.expires_at;

          -- What this request read must still be there.
          WHEN 'replace' THEN
            UPDATE oidc_payloads SET
                payload = operation -> 'payload',
                account_id = operation ->> 'account_id',
                expires_at = now() + (operation ->> 'seconds')::int * interval '1 second'
              WHERE model = operation ->> 'model' AND id = decode(operation ->> 'id', 'hex');
            GET DIAGNOSTICS touched = ROW_COUNT;

          -- A session has one row for each window that wrote it under an id of its own, all with
          -- one uid. It goes on while one of them is there: signed out, it stays signed out.
          WHEN 'continue' THEN
            SELECT coalesce(payload -> 'authorizations', '{}') INTO stored FROM oidc_payloads
              WHERE model = 'Session' AND uid = decode(operation ->> 'uid', 'hex')
                AND expires_at > now() LIMIT 1;
            GET DIAGNOSTICS touched = ROW_COUNT;
            IF touched > 0 THEN
              -- Of each client: what this request changed; else what is stored, as other windows left it.
              known := operation -> 'known';
              own := coalesce(operation -> 'payload' -> 'authorizations', '{}');
              SELECT coalesce(jsonb_object_agg(client, kept), '{}') INTO merged
                FROM (SELECT client, CASE WHEN own -> client IS DISTINCT FROM known -> client
                        THEN own -> client ELSE stored -> client END AS kept
                      FROM jsonb_object_keys(stored || own) AS client) AS clients
                WHERE kept IS NOT NULL;
              -- Another window may have sent the old id already: it is used up, and kept for seconds.
              UPDATE oidc_payloads SET consumed_at = coalesce(consumed_at, clock_timestamp()),
                  expires_at = least(expires_at, now() + interval '30 seconds')
                WHERE model = 'Session' AND id = decode(operation ->> 'from', 'hex');
              INSERT INTO oidc_payloads (model, id, payload, uid, account_id, expires_at)
              VALUES (
                'Session', decode(operation ->> 'id', 'hex'), operation -> 'payload',
                decode(operation ->> 'uid', 'hex'), operation ->> 'account_id',
                now() + (operation ->> 'seconds')::int * interval '1 second')
              ON CONFLICT (id, model) DO UPDATE SET
                payload = excluded.payload, account_id = excluded.account_id,
                expires_at = excluded.expires_at
                WHERE oidc_payloads.consumed_at IS NULL;
              outdated := outdated OR NOT FOUND;
              UPDATE oidc_payloads
                SET payload = jsonb_set(payload, '{authorizations}', merged)
                WHERE model = 'Session' AND uid = decode(operation ->> 'uid', 'hex')
                  AND payload -> 'authorizations' IS DISTINCT FROM merged;
            END IF;
          WHEN 'sign-out' THEN
            DELETE FROM oidc_payloads
              WHERE model = 'Session' AND uid = decode(operation ->> 'uid', 'hex');

          WHEN 'consume' THEN
            UPDATE oidc_payloads
              SET consumed_at = now(), answer = decode(operation ->> 'answer', 'hex'),
                successor = decode(operation ->> 'successor', 'hex')
              WHERE model = operation ->> 'model' AND id = decode(operation ->> 'id', 'hex')
                AND consumed_at IS NULL AND expires_at > now();
            GET DIAGNOSTICS touched = ROW_COUNT;
            -- Who uses a successor has its answer: from now on the predecessor is a replay.
            UPDATE oidc_payloads SET answer = NULL
              WHERE grant_id = decode(operation ->> 'grant_id', 'hex') AND answer IS NOT NULL
                AND successor = decode(operation ->> 'id', 'hex') AND touched > 0;
          WHEN 'take' THEN
            DELETE FROM oidc_payloads
              WHERE model = operation ->> 'model' AND id = decode(operation ->> 'id', 'hex');
            GET DIAGNOSTICS touched = ROW_COUNT;
          WHEN 'expect' THEN
            PERFORM 1 FROM oidc_payloads
              WHERE model = 'Grant' AND id = decode(operation ->> 'grant_id', 'hex');
            GET DIAGNOSTICS touched = ROW_COUNT;
          WHEN 'destroy' THEN
            DELETE FROM oidc_payloads
              WHERE model = operation ->> 'model' AND id = decode(operation ->> 'id', 'hex');
          WHEN 'revoke' THEN
            DELETE FROM oidc_payloads
              WHERE model = 'Grant' AND id = decode(operation ->> 'grant_id', 'hex');
            DELETE FROM oidc_payloads WHERE grant_id = decode(operation ->> 'grant_id', 'hex');

          WHEN 'audit' THEN
            INSERT INTO audit_events (type, account_id, client_id, network, correlation_id, detail)
              VALUES (operation ->> 'type', operation ->> 'account_id', operation ->> 'client_id',
                operation ->> 'network', operation ->> 'correlation_id', operation -> 'detail');
        END CASE;
        IF touched = 0 THEN
          RAISE EXCEPTION 'already redeemed'
            USING ERRCODE = 'GH001', DETAIL = json_build_object('model', operation ->> 'model',
              'grant_id', operation ->> 'grant_id')::text;
        END IF;
      END LOOP;
      RETURN outdated;
    END
    $$;
  `.replaceAll('?', '\\?'),
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP FUNCTION commit_artefacts(jsonb);
    ALTER TABLE clients DROP COLUMN rotate_refresh_tokens;
    DROP INDEX oidc_payloads_answer;
    ALTER TABLE oidc_payloads DROP COLUMN answer, DROP COLUMN successor;
  `);
}
