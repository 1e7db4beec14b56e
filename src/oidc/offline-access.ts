// offline_access: the library strips it unless prompt=consent. OpenID Connect Core section 11 allows
// other conditions: ours are a first-party client, or a consent that names it.
import type { Client, KoaContextWithOIDC } from 'oidc-provider';

const asked = new WeakSet<object>();

/** Remembers, before the library looks at the scopes, that a request asks for offline_access. */
export function noteOfflineAccess(ctx: KoaContextWithOIDC): void {
  const scope = ctx.oidc.params?.['scope'];
  if (typeof scope === 'string' && scope.split(' ').includes('offline_access')) asked.add(ctx.oidc);
}

/** Puts offline_access back for clients that may refresh; the consent step then decides. */
export function restoreOfflineAccess(ctx: KoaContextWithOIDC, client: Client): void {
  const params = ctx.oidc.params;
  if (!params || !asked.has(ctx.oidc) || !client.grantTypeAllowed('refresh_token')) return;
  const scope = typeof params['scope'] === 'string' ? params['scope'] : '';
  if (!scope.split(' ').includes('offline_access'))
    params['scope'] = `${scope} offline_access`.trim();
}
