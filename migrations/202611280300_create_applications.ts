import type { Knex } from 'knex';

// What a developer may call: products of API scopes, applications with a client in each environment,
// and the subscriptions that give the one to the other.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE apis
      ADD COLUMN owner_group_id text REFERENCES groups ON DELETE SET NULL,
      ADD COLUMN suspended_at   timestamptz,
      -- A GET that shows that a token works, for the lines that developers paste.
      ADD COLUMN example_url    text,
      -- Identical client-credentials requests within so many seconds get the same token; 0: never.
      ADD COLUMN reuse_seconds  integer NOT NULL DEFAULT 0 CHECK (reuse_seconds BETWEEN 0 AND 3600);
    CREATE TABLE api_scope_texts (
      api_id      text NOT NULL,
      scope       text NOT NULL,
      language    text NOT NULL,
      description text NOT NULL,
      PRIMARY KEY (api_id, scope, language),
      FOREIGN KEY (api_id, scope) REFERENCES api_scopes (api_id, name) ON DELETE CASCADE
    );

    CREATE TABLE quota_classes (
      name              text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,49}$'),
      -- Tokens that one application may fetch; null: no limit.
      tokens_per_minute integer CHECK (tokens_per_minute > 0),
      tokens_per_day    integer CHECK (tokens_per_day > 0)
    );
    CREATE TABLE products (
      id             text PRIMARY KEY CHECK (id LIKE 'prd\\_%'),
      name           text NOT NULL,
      description    text NOT NULL DEFAULT '',
      -- Who decides on subscriptions, besides administrators.
      owner_group_id text REFERENCES groups ON DELETE SET NULL,
      approval       text NOT NULL CHECK (approval IN ('automatic', 'person', 'webhook', 'delegation')),
      quota_class    text REFERENCES quota_classes,
      terms          text,
      -- An active subscription ends so many days after it became so; null: never.
      lifetime_days  integer CHECK (lifetime_days > 0),
      -- Neither listed nor open to new subscriptions; those that there are go on.
      retired_at     timestamptz,
      created_at     timestamptz NOT NULL DEFAULT now()
    );
    CREATE UNIQUE INDEX products_name ON products (lower(name));
    -- Who sees it; without a row, everybody who is signed in.
    CREATE TABLE product_groups (
      product_id text NOT NULL REFERENCES products ON DELETE CASCADE,
      group_id   text NOT NULL REFERENCES groups ON DELETE CASCADE,
      PRIMARY KEY (product_id, group_id)
    );
    CREATE INDEX product_groups_group ON product_groups (group_id);
    CREATE TABLE product_scopes (
      product_id text NOT NULL REFERENCES products ON DELETE CASCADE,
      api_id     text NOT NULL,
      scope      text NOT NULL,
      PRIMARY KEY (product_id, api_id, scope),
      FOREIGN KEY (api_id, scope) REFERENCES api_scopes (api_id, name) ON DELETE CASCADE
    );
    CREATE INDEX product_scopes_api ON product_scopes (api_id, scope);

    CREATE TABLE applications (
      id               text PRIMARY KEY CHECK (id LIKE 'app\\_%'),
      kind             text NOT NULL CHECK (kind IN ('web', 'spa', 'native', 'machine')),
      name             text NOT NULL,
      description      text NOT NULL DEFAULT '',
      homepage         text,
      -- The one owner whom limits count and whose blocking stops it; co-owners are members.
      owner_id         text NOT NULL REFERENCES accounts ON DELETE CASCADE,
      -- An administrator has checked that name and logo are theirs.
      verified_at      timestamptz,
      -- By an administrator, who alone takes it back.
      suspended_at     timestamptz,
      suspended_reason text,
      -- By an owner.
      disabled_at      timestamptz,
      -- Deleted by an owner, who may take it back until then.
      erase_at         timestamptz,
      created_at       timestamptz NOT NULL DEFAULT now(),
      updated_at       timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX applications_owner ON applications (owner_id);
    CREATE INDEX applications_erase ON applications (erase_at) WHERE erase_at IS NOT NULL;
    -- The owner is one of them.
    CREATE TABLE application_members (
      application_id text NOT NULL REFERENCES applications ON DELETE CASCADE,
      account_id     text NOT NULL REFERENCES accounts ON DELETE CASCADE,
      joined_at      timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (application_id, account_id)
    );
    CREATE INDEX application_members_account ON application_members (account_id);

    -- The client of an application in an environment. A client of a sandbox gets no production API,
    -- whatever it was given; null: an operator's client, which may have both.
    ALTER TABLE clients
      ADD COLUMN application_id text REFERENCES applications ON DELETE CASCADE,
      ADD COLUMN environment    text CHECK (environment IN ('sandbox', 'production')),
      ADD COLUMN jwks_uri       text;
    CREATE UNIQUE INDEX clients_application ON clients (application_id, environment);

    ALTER TABLE credentials
      ALTER COLUMN secret_hash DROP NOT NULL,
      ADD COLUMN kind              text NOT NULL DEFAULT 'secret' CHECK (kind IN ('secret', 'key')),
      -- A public JWK (RFC 7517) of kind key.
      ADD COLUMN public_key        jsonb,
      ADD COLUMN created_by        text REFERENCES accounts ON DELETE SET NULL,
      -- Retired: it works until expires_at, which was this before; undoing puts it back.
      ADD COLUMN retired_at        timestamptz,
      ADD COLUMN former_expires_at timestamptz,
      ADD COLUMN suspended_at      timestamptz,
      ADD COLUMN last_used_at      timestamptz,
      -- Coarse: see http/network.ts.
      ADD COLUMN last_used_network text,
      ADD COLUMN reminded_at       timestamptz,
      ADD CONSTRAINT credentials_kind
        CHECK ((kind = 'secret') = (secret_hash IS NOT NULL) AND (kind = 'key') = (public_key IS NOT NULL));
    CREATE INDEX credentials_expiry ON credentials (expires_at) WHERE expires_at IS NOT NULL;

    CREATE TABLE subscriptions (
      id             text PRIMARY KEY CHECK (id LIKE 'sub\\_%'),
      application_id text NOT NULL REFERENCES applications ON DELETE CASCADE,
      product_id     text NOT NULL REFERENCES products,
      environment    text NOT NULL CHECK (environment IN ('sandbox', 'production')),
      state          text NOT NULL CHECK (state IN
                       ('submitted', 'active', 'suspended', 'cancelled', 'expired', 'rejected')),
      -- What the developer wrote to those who decide.
      note           text NOT NULL DEFAULT '',
      created_at     timestamptz NOT NULL DEFAULT now(),
      changed_at     timestamptz NOT NULL DEFAULT now(),
      expires_at     timestamptz
    );
    -- One at a time: a double click, two tabs and a race make one.
    CREATE UNIQUE INDEX subscriptions_open ON subscriptions (application_id, product_id, environment)
      WHERE state IN ('submitted', 'active', 'suspended');
    CREATE INDEX subscriptions_application ON subscriptions (application_id);
    CREATE INDEX subscriptions_product ON subscriptions (product_id, state, created_at);
    CREATE INDEX subscriptions_waiting ON subscriptions (created_at) WHERE state = 'submitted';
    CREATE INDEX subscriptions_expiry ON subscriptions (expires_at) WHERE state IN ('active', 'suspended');
    -- Who changed a subscription, when and why.
    CREATE TABLE subscription_changes (
      id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      subscription_id text NOT NULL REFERENCES subscriptions ON DELETE CASCADE,
      state           text NOT NULL,
      actor           text NOT NULL CHECK (actor IN ('account', 'operator', 'webhook', 'delegation', 'job')),
      account_id      text REFERENCES accounts ON DELETE SET NULL,
      reason          text NOT NULL DEFAULT '',
      changed_at      timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX subscription_changes_subscription ON subscription_changes (subscription_id, id);

    -- What an application asked to be in production, until its client there is created.
    CREATE TABLE promotions (
      application_id            text PRIMARY KEY REFERENCES applications ON DELETE CASCADE,
      redirect_uris             jsonb NOT NULL DEFAULT '[]',
      post_logout_redirect_uris text[] NOT NULL DEFAULT '{}',
      allowed_cors_origins      text[] NOT NULL DEFAULT '{}',
      requested_by              text REFERENCES accounts ON DELETE SET NULL,
      requested_at              timestamptz NOT NULL DEFAULT now()
    );

    -- Answers to what was sent with an idempotency key: asked again, they are given again.
    CREATE TABLE idempotent_answers (
      holder     text NOT NULL,
      key        text NOT NULL,
      request    bytea NOT NULL,
      -- Sealed: it may hold a secret.
      answer     bytea,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (holder, key)
    );
    CREATE INDEX idempotent_answers_age ON idempotent_answers (created_at);

    -- What happened, for webhooks: written in the transaction of what caused it.
    CREATE TABLE events (
      id         text PRIMARY KEY CHECK (id LIKE 'evt\\_%'),
      type       text NOT NULL,
      data       jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX events_age ON events (created_at);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TABLE events, idempotent_answers, promotions, subscription_changes, subscriptions;
    DELETE FROM credentials WHERE kind <> 'secret';
    DROP INDEX credentials_expiry;
    ALTER TABLE credentials DROP CONSTRAINT credentials_kind,
      DROP COLUMN kind, DROP COLUMN public_key, DROP COLUMN created_by, DROP COLUMN retired_at,
      DROP COLUMN former_expires_at, DROP COLUMN suspended_at, DROP COLUMN last_used_at,
      DROP COLUMN last_used_network, DROP COLUMN reminded_at,
      ALTER COLUMN secret_hash SET NOT NULL;
    ALTER TABLE clients DROP COLUMN application_id, DROP COLUMN environment, DROP COLUMN jwks_uri;
    DROP TABLE application_members, applications;
    DROP TABLE product_scopes, product_groups, products, quota_classes, api_scope_texts;
    ALTER TABLE apis DROP COLUMN owner_group_id, DROP COLUMN suspended_at, DROP COLUMN example_url,
      DROP COLUMN reuse_seconds;
  `);
}
