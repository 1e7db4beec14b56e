// The settings that every connector has: its client, and whom it lets in.
import { z } from 'zod';

const domain = z
  .string()
  .toLowerCase()
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'must be a domain such as example.com');

/** Where a secret is kept: its value never stands in the settings. */
export const secretReference = z
  .string()
  .regex(
    /^(env:GATEHOUSE_CONNECTOR_[A-Z0-9_]+|file:\/.+)$/,
    'must be env:GATEHOUSE_CONNECTOR_... or file:/an/absolute/path',
  );

/** Whether a value of the upstream's replaces ours: at each sign-in, at the first, or not at all. */
const sync = z.enum(['always', 'first', 'never']);

export const commonSettings = z.strictObject({
  client_id: z.string().min(1).max(300),
  /** Of kinds that authenticate with one. */
  client_secret: secretReference.optional(),
  /** Instead of those of the kind. */
  scopes: z.array(z.string().min(1)).min(1).optional(),
  /** Raises or lowers what is believed of the addresses; undefined: as the kind knows it. */
  email_trust: z.enum(['none', 'verified', 'authoritative']).optional(),
  /**
   * What happens when an unknown identity has the address of an account. `never`: nothing; `prompt`:
   * the person may prove that the account is theirs; `auto`: linked, where both sides are verified
   * and the upstream is authoritative for the address.
   */
  linking: z.enum(['never', 'prompt', 'auto']).default('prompt'),
  /**
   * Who may get an account by this connector; `as-sign-up`: as the installation says of everybody.
   * `approval`: it waits for an administrator.
   */
  new_accounts: z
    .enum(['as-sign-up', 'open', 'approval', 'invitation', 'off'])
    .default('as-sign-up'),
  /** Only people whose trusted address is of these domains; empty: all. */
  allowed_domains: z.array(domain).default([]),
  attributes: z
    .strictObject({
      given_name: sync.default('first'),
      family_name: sync.default('first'),
      email: sync.default('first'),
    })
    .prefault({}),
  /** Group names of ours by the upstream's immutable ids. */
  groups: z.record(z.string(), z.string()).default({}),
  /** Roles of ours by the upstream's. */
  roles: z.record(z.string(), z.string()).default({}),
  /** Keep the refresh token, encrypted, and ask every hour whether the account there still stands. */
  store_tokens: z.boolean().default(false),
  /** Offer to sign out there as well. */
  upstream_logout: z.boolean().default(false),
  /** The upstream is in a private network. */
  private_network: z.boolean().default(false),
});

export type CommonSettings = z.infer<typeof commonSettings>;
