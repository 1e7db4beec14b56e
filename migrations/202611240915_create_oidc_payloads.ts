import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE oidc_payloads (
      model       text NOT NULL,
      id          bytea NOT NULL,
      payload     jsonb NOT NULL,
      grant_id    bytea,
      uid         bytea,
      user_code   bytea,
      account_id  text,
      client_id   text,
      consumed_at timestamptz,
      expires_at  timestamptz NOT NULL,
      PRIMARY KEY (id, model)
    );
    CREATE INDEX oidc_payloads_grant ON oidc_payloads (grant_id) WHERE grant_id IS NOT NULL;
    CREATE INDEX oidc_payloads_uid ON oidc_payloads (uid) WHERE uid IS NOT NULL;
    CREATE INDEX oidc_payloads_user_code ON oidc_payloads (user_code) WHERE user_code IS NOT NULL;
    CREATE INDEX oidc_payloads_account ON oidc_payloads (account_id) WHERE account_id IS NOT NULL;
    CREATE INDEX oidc_payloads_expiry ON oidc_payloads (expires_at);
    CREATE TABLE redeemed_jtis (
      id         bytea PRIMARY KEY,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX redeemed_jtis_expiry ON redeemed_jtis (expires_at);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE redeemed_jtis; DROP TABLE oidc_payloads');
}
