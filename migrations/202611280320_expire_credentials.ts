import type { Knex } from 'knex';

// A credential that has expired is told once; and the keys of a client become credentials, which
// have a name, an expiry and a last use each. clients.jwks stays for a server of the release before.
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    ALTER TABLE credentials ADD COLUMN expired_at timestamptz;
    CREATE INDEX credentials_to_expire ON credentials (expires_at)
      WHERE expires_at IS NOT NULL AND expired_at IS NULL;
    INSERT INTO credentials (id, client_id, name, hint, kind, public_key, created_at)
    SELECT 'cr_' || substr(md5(c.id || '/' || k.place), 1, 24), c.id, 'first key',
      coalesce(k.jwk ->> 'kid', '-'), 'key', k.jwk, c.created_at
    FROM clients c, jsonb_array_elements(c.jwks -> 'keys') WITH ORDINALITY AS k (jwk, place)
    WHERE c.jwks IS NOT NULL
    ON CONFLICT (id) DO NOTHING;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP INDEX credentials_to_expire;
    ALTER TABLE credentials DROP COLUMN expired_at;
  `);
}
