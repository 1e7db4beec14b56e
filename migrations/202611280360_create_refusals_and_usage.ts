import type { Knex } from 'knex';

// Why requests of applications were refused, what they fetched by day, and what is left of a limit.
// All of it is counted in the nodes' memory and written every few seconds.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE refusals (
      correlation_id uuid PRIMARY KEY,
      application_id text NOT NULL REFERENCES applications ON DELETE CASCADE,
      client_id      text NOT NULL,
      endpoint       text NOT NULL,
      -- A stable code: see applications/refusals/rules.ts.
      rule           text NOT NULL,
      error          text NOT NULL,
      description    text NOT NULL,
      detail         jsonb NOT NULL DEFAULT '{}',
      refused_at     timestamptz NOT NULL
    );
    CREATE INDEX refusals_application ON refusals (application_id, refused_at DESC);
    CREATE INDEX refusals_age ON refusals (refused_at);

    CREATE TABLE token_usage (
      application_id text NOT NULL REFERENCES applications ON DELETE CASCADE,
      day            date NOT NULL,
      client_id      text NOT NULL,
      -- Empty: a sign-in without an API, or a request that did not come as far as one.
      api_id         text NOT NULL,
      -- issued, reused, early, throttled, refused:<rule>
      result         text NOT NULL,
      tokens         bigint NOT NULL,
      PRIMARY KEY (application_id, day, client_id, api_id, result)
    );
    CREATE INDEX token_usage_age ON token_usage (day);

    -- Tokens of one minute or day under one limit. Lost in a crash, it is counted anew.
    CREATE UNLOGGED TABLE token_budgets (
      key        text NOT NULL,
      started_at timestamptz NOT NULL,
      tokens     bigint NOT NULL,
      expires_at timestamptz NOT NULL,
      PRIMARY KEY (key, started_at)
    );
    CREATE INDEX token_budgets_expiry ON token_budgets (expires_at);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP TABLE token_budgets, token_usage, refusals');
}
