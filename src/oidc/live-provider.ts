// The running Provider: built from the keys of the database, replaced as a whole when they change.
// oidc-provider cannot reload keys, but an instance costs a millisecond and holds no state: requests
// under way finish on the old one (its state is in the adapter), new ones start on the new one.

import type { JSONWebKeySet } from 'jose';
import type { Middleware } from 'koa';
import compose from 'koa-compose';
import { type AuthorizationCode, Provider } from 'oidc-provider';
import type { Changes } from '../storage/changes.ts';
import type { Database } from '../storage/database.ts';
import { redeemJti } from '../storage/oidc-payloads.ts';
import type { BrowserBinding } from './browser-binding.ts';
import { type ConfigurationDeps, createConfiguration } from './configuration.ts';
import { listenToProvider } from './provider-events.ts';
import { noteRedirectUri } from './refusals.ts';
import { attachRequestPolicy } from './request-policy.ts';
import { ensureSigningKeys, loadSigningKeys } from './signing-keys.ts';

export interface LiveProvider {
  current(): Provider;
  /** The published keys. */
  jwks(): JSONWebKeySet;
  handle: Middleware;
}

export type LiveProviderDeps = Omit<ConfigurationDeps, 'jwks'> & {
  db: Database;
  changes: Changes;
  encryptionKeys: Buffer[];
  browser: BrowserBinding;
  onError: (error: unknown) => void;
};

/** Makes sure that the keys exist, builds the Provider, and keeps it current. */
export async function createLiveProvider(deps: LiveProviderDeps): Promise<LiveProvider> {
  let current: { provider: Provider; handle: Middleware; jwks: JSONWebKeySet };

  const rebuild = async () => {
    const apis = await deps.catalog.all();
    await ensureSigningKeys(deps, ['RS256', ...apis.map(({ alg }) => alg)]);
    const { signing, published } = await loadSigningKeys(deps);
    const provider = createProvider(deps, signing as ConfigurationDeps['jwks']['keys']);
    current = {
      provider,
      handle: compose(provider.middleware) as Middleware,
      jwks: { keys: published as JSONWebKeySet['keys'] },
    };
  };

  await rebuild();
  // One at a time, so that an older set of keys cannot replace a newer one.
  let queue = Promise.resolve();
  const refresh = () => {
    queue = queue.then(rebuild).catch(deps.onError);
  };
  deps.changes.on('signing_keys', refresh);
  deps.changes.on('apis', refresh);

  return {
    current: () => current.provider,
    jwks: () => current.jwks,
    handle: (ctx, next) => current.handle(ctx, next),
  };
}

function createProvider(deps: LiveProviderDeps, keys: ConfigurationDeps['jwks']['keys']): Provider {
  const provider = new Provider(deps.issuer, createConfiguration({ ...deps, jwks: { keys } }));
  provider.proxy = true;
  deps.clients.attach(provider);
  attachRequestPolicy(provider);
  redeemOnce(provider, deps.db);
  noteRedirectUris(provider);
  listenToProvider(provider, deps);
  return provider;
}

// The library looks a jti up and then saves it: two requests at once would both pass.
function redeemOnce(provider: Provider, db: Database): void {
  // The types do not know this static method, which client assertions and DPoP proofs go through.
  const model = provider.ReplayDetection as unknown as {
    unique(issuer: string, jti: string, expiresAt: number): Promise<boolean>;
  };
  model.unique = (issuer, jti, expiresAt) => redeemJti(db, issuer, jti, expiresAt);
}

function noteRedirectUris(provider: Provider): void {
  // The generic `this` of the types cannot be expressed by a replacement.
  const model = provider.AuthorizationCode as unknown as {
    find(value: string, options?: object): Promise<AuthorizationCode | undefined>;
  };
  const find = model.find.bind(model);
  model.find = async (value, options) => {
    const code = await find(value, options);
    const ctx = Provider.ctx;
    if (ctx && code && code.clientId === ctx.oidc.client?.clientId)
      noteRedirectUri(ctx, code.redirectUri);
    return code;
  };
}
