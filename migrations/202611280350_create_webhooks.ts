import type { Knex } from 'knex';

// Who is told of events, and what became of the telling. An event is written in the transaction of its
// cause, by one function, which also queues its deliveries; changes of accounts call it by a trigger,
// so that none of the many ways to an account can forget it.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE webhooks (
      id                text PRIMARY KEY CHECK (id LIKE 'wh\\_%'),
      url               text NOT NULL,
      description       text NOT NULL DEFAULT '',
      -- Names of types, '<group>.*' or '*'.
      events            text[] NOT NULL,
      -- Its answers decide on subscriptions to products with the approval policy webhook.
      approval          boolean NOT NULL DEFAULT false,
      private_network   boolean NOT NULL DEFAULT false,
      -- Sealed. The former one signs too until it expires.
      secret            bytea NOT NULL,
      former_secret     bytea,
      former_expires_at timestamptz,
      -- Since when nothing arrived; null: the last attempt succeeded.
      failing_since     timestamptz,
      disabled_at       timestamptz,
      disabled_reason   text CHECK (disabled_reason IN ('operator', 'failing', 'gone')),
      created_at        timestamptz NOT NULL DEFAULT now(),
      CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL)),
      CHECK ((former_secret IS NULL) = (former_expires_at IS NULL))
    );
    -- One receiver decides.
    CREATE UNIQUE INDEX webhooks_approval ON webhooks (approval) WHERE approval;

    CREATE TABLE webhook_deliveries (
      id         text PRIMARY KEY CHECK (id LIKE 'whd\\_%'),
      webhook_id text NOT NULL REFERENCES webhooks ON DELETE CASCADE,
      event_id   text NOT NULL REFERENCES events ON DELETE CASCADE,
      state      text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
      attempts   integer NOT NULL DEFAULT 0,
      created_at timestamptz NOT NULL DEFAULT now(),
      ended_at   timestamptz
    );
    CREATE INDEX webhook_deliveries_webhook ON webhook_deliveries (webhook_id, created_at DESC);
    CREATE INDEX webhook_deliveries_event ON webhook_deliveries (event_id);
    CREATE TABLE webhook_attempts (
      id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      delivery_id  text NOT NULL REFERENCES webhook_deliveries ON DELETE CASCADE,
      attempted_at timestamptz NOT NULL,
      duration_ms  integer NOT NULL,
      -- null: there was no answer.
      status       integer,
      -- What came of it, in words.
      outcome      text NOT NULL,
      -- The beginning of the answer.
      response     text NOT NULL DEFAULT ''
    );
    CREATE INDEX webhook_attempts_delivery ON webhook_attempts (delivery_id, id);

    -- How often it is tried is counted in the delivery; the flag keeps one receiver from taking all lanes.
    CREATE FUNCTION queue_delivery(hook text, event text) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE
      delivery text := 'whd_' || replace(gen_random_uuid()::text, '-', '');
    BEGIN
      INSERT INTO webhook_deliveries (id, webhook_id, event_id) VALUES (delivery, hook, event);
      PERFORM graphile_worker.add_job('deliver-webhook', json_build_object('id', delivery, 'webhook', hook),
        flags := ARRAY[hook], max_attempts := 25);
      RETURN delivery;
    END $$;
    CREATE FUNCTION record_event(event_type text, event_data jsonb) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE
      event text := 'evt_' || replace(gen_random_uuid()::text, '-', '');
    BEGIN
      INSERT INTO events (id, type, data) VALUES (event, event_type, event_data);
      PERFORM queue_delivery(id, event) FROM webhooks
        WHERE disabled_at IS NULL
          AND events && ARRAY[event_type, split_part(event_type, '.', 1) || '.*', '*']
          AND (NOT webhooks.approval OR EXISTS (SELECT FROM products
            WHERE products.id = event_data->>'product_id' AND products.approval = 'webhook'));
      RETURN event;
    END $$;

    CREATE FUNCTION record_account_event() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      happened text;
    BEGIN
      IF TG_OP = 'INSERT' THEN happened := 'created';
      ELSIF TG_OP = 'DELETE' THEN happened := 'erased';
      ELSIF NEW.state = OLD.state THEN RETURN NULL;
      ELSIF NEW.state IN ('blocked', 'deleted') THEN happened := NEW.state;
      ELSIF OLD.state = 'blocked' THEN happened := 'unblocked';
      ELSIF OLD.state = 'deleted' THEN happened := 'restored';
      ELSIF NEW.state = 'active' THEN happened := 'activated';
      ELSE RETURN NULL;
      END IF;
      PERFORM record_event('account.' || happened, CASE TG_OP
        WHEN 'DELETE' THEN jsonb_build_object('account_id', OLD.id)
        ELSE jsonb_build_object('account_id', NEW.id, 'state', NEW.state) END);
      RETURN NULL;
    END $$;
    CREATE TRIGGER account_events AFTER INSERT OR DELETE OR UPDATE OF state ON accounts
      FOR EACH ROW EXECUTE FUNCTION record_account_event();
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TRIGGER account_events ON accounts;
    DROP FUNCTION record_account_event();
    DROP FUNCTION record_event(text, jsonb);
    DROP FUNCTION queue_delivery(text, text);
    DROP TABLE webhook_attempts, webhook_deliveries, webhooks;
  `);
}
