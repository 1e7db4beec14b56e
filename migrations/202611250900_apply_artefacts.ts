import type { Knex } from 'knex';

// One statement applies everything that a protocol request writes: one round trip, one commit, and
// one lock order (grants first, by id). Whoever redeems second gets SQLSTATE GH001.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE FUNCTION apply_artefacts(operations jsonb) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
      operation jsonb;
      touched integer;
      family bigint;
    BEGIN
      -- By advisory lock, because the row of a revoked grant is gone and could not be waited for.
      FOR family IN
        SELECT DISTINCT ('x' || left(value ->> 'grant_id', 16))::bit(64)::bigint
        FROM jsonb_array_elements(operations) WHERE value ->> 'grant_id' IS NOT NULL ORDER BY 1
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
          WHEN 'consume' THEN
            UPDATE oidc_payloads SET consumed_at = now()
              WHERE model = operation ->> 'model' AND id = decode(operation ->> 'id', 'hex')
                AND consumed_at IS NULL AND expires_at > now();
            GET DIAGNOSTICS touched = ROW_COUNT;
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
          WHEN 'replace' THEN
            UPDATE oidc_payloads SET
                -- Two clients that authorize at once in one browser: neither forgets the other.
                payload = CASE WHEN (payload -> 'authorizations') IS NOT NULL
                    AND (operation -> 'payload' -> 'authorizations') IS NOT NULL
                  THEN jsonb_set(operation -> 'payload', '{authorizations}',
                    (payload -> 'authorizations') || (operation -> 'payload' -> 'authorizations'))
                  ELSE operation -> 'payload' END,
                uid = decode(operation ->> 'uid', 'hex'),
                account_id = operation ->> 'account_id',
                expires_at = now() + (operation ->> 'seconds')::int * interval '1 second'
              WHERE model = operation ->> 'model' AND id = decode(operation ->> 'id', 'hex');
            GET DIAGNOSTICS touched = ROW_COUNT;
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
    END
    $$;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP FUNCTION apply_artefacts(jsonb);
  `);
}
