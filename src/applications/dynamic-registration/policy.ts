// What a registration policy allows: the same when a client is registered and whenever it changes.
import { AppError } from '../../errors.ts';
import type { Database } from '../../storage/database.ts';
import { findVisibleProduct, type Product } from '../../storage/products.ts';
import type { RegistrationPolicy } from '../../storage/registration-policies.ts';
import type { RequestedClient } from './client-metadata.ts';
import { invalidMetadata, invalidRedirectUri } from './registration-errors.ts';

/** Scopes of sign-in, which every client for people has and no product gives. */
const IDENTITY_SCOPES = ['openid', 'profile', 'email', 'roles', 'groups', 'offline_access'];

/** Throws 400 for a kind or a redirect URI that the policy does not allow, naming what it does. */
export function expectAllowed(policy: RegistrationPolicy, requested: RequestedClient): void {
  const { kinds, redirect_hosts: hosts } = policy;
  if (!kinds.includes(requested.kind))
    throw invalidMetadata(
      `This token registers ${kinds.join(', ')} clients only, and grant_types, application_type and token_endpoint_auth_method say that this is a ${requested.kind} client.`,
    );
  if (hosts.length === 0) return;
  for (const uri of [...requested.redirectUris, ...requested.postLogoutRedirectUris]) {
    if (!hosts.some((host) => isOn(host, uri)))
      throw invalidRedirectUri(
        `The redirect URI ${uri} is not at one of the hosts of this token: ${hosts.join(', ')}.`,
      );
  }
}

/**
 * The products that cover the scopes that are asked for; all of the policy's when none are named.
 * Throws 400 that names a scope that none of them has.
 */
export async function productsFor(
  db: Database,
  policy: RegistrationPolicy,
  scopes: string[] | undefined,
): Promise<Product[]> {
  const found = policy.product_ids.map((id) => findVisibleProduct(db, policy.owner_id, id));
  const products = (await Promise.all(found)).filter((product) => product !== undefined);
  const wanted = scopes?.filter((scope) => !IDENTITY_SCOPES.includes(scope)) ?? [];
  if (wanted.length === 0) return products;
  const scopesOf = (product: Product) => product.scopes.map(({ scope }) => scope);
  const allowed = [...new Set(products.flatMap(scopesOf))].toSorted();
  const odd = wanted.find((scope) => !allowed.includes(scope));
  if (odd !== undefined)
    throw invalidMetadata(
      `The scope ${odd} is not one of this token: ${allowed.join(' ') || 'it gives none'}.`,
    );
  return products.filter((product) => scopesOf(product).some((scope) => wanted.includes(scope)));
}

/** Says what is wrong with a host of a policy; undefined when it is fine. */
export function hostProblem(host: string): string | undefined {
  return /^(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(host)
    ? undefined
    : `${host} is no host: write portal.example.com, or *.example.com for all below it.`;
}

/** 403: a client that was stopped is not managed from outside any more. */
export function stopped(): AppError {
  return new AppError(
    403,
    'access_denied',
    'This client was suspended, disabled or deleted: it cannot be managed until its owner or an administrator takes that back.',
  );
}

function isOn(host: string, uri: string): boolean {
  const { protocol, hostname = '' } = URL.parse(uri) ?? {};
  // Behind a private-use scheme a host says nothing: any program on the device can have the scheme.
  if (protocol !== 'https:' && protocol !== 'http:') return false;
  return host.startsWith('*.') ? hostname.endsWith(host.slice(1)) : hostname === host;
}
