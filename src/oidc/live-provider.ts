// The running Provider: built from the keys of the database, replaced as a whole when they change.
// oidc-provider cannot reload keys, but an instance costs a millisecond and holds no state: requests
// under way finish on the old one (its state is in the adapter), new ones start on the new one.

import type { JSONWebKeySet } from 'jose';
import type { Middleware } from 'koa';
import compose from 'koa-compose';
import { type AuthorizationCode, Provider } from 'oidc-provider';
import { temporarilyUnavailable } from '../errors.ts';
import type { Changes } from '../storage/changes.ts';
import type { Database } from '../storage/database.ts';
import { redeemJti } from '../storage/oidc-payloads.ts';
import type { BrowserBinding } from './browser-binding.ts';
import { type ConfigurationDeps, createConfiguration } from './configuration.ts';
import { attachRotation } from './credential-rotation.ts';
import type { KeyDeps } from './keys/key-times.ts';
import { type KeyView, toKeySets } from './keys/key-view.ts';
import { followKeys } from './keys/live-keys.ts';
import { listenToProvider } from './provider-events.ts';
import { noteRedirectUri } from './refusals.ts';
import { attachRequestPolicy } from './request-policy.ts';
import { attachTokenIssue, type TokenIssueDeps } from './token-issue.ts';

export interface LiveProvider {
  current(): Provider;
  /** The published keys. */
  jwks(): JSONWebKeySet;
  handle: Middleware;
  close(): void;
}

export type LiveProviderDeps = Omit<ConfigurationDeps, 'jwks' | 'signers'> &
  KeyDeps &
  TokenIssueDeps & {
    changes: Changes;
    browser: BrowserBinding;
  };

/** Makes sure that the keys exist, builds the Provider, and keeps it current. */
export async function createLiveProvider(deps: LiveProviderDeps): Promise<LiveProvider> {
  let current: { provider: Provider; handle: Middleware; jwks: JSONWebKeySet; view: KeyView };
  const use = (view: KeyView) => {
    const { signers: keys, published } = toKeySets(view.keys, deps.encryptionKeys);
    const provider = createProvider(deps, { jwks: { keys }, signers: view.signers });
    current = {
      provider,
      handle: compose(provider.middleware) as Middleware,
      jwks: { keys: published as JSONWebKeySet['keys'] },
      view,
    };
  };
  const following = await followKeys({ ...deps, use });

  return {
    current: () => current.provider,
    jwks: () => current.jwks,
    close: following.close,
    async handle(ctx, next) {
      const { handle, view } = current;
      await handle(ctx, next);
      // It took so long that what it signed is worth nothing: it may try again.
      if (isWithdrawn(view, current.view)) throw temporarilyUnavailable();
    },
  };
}

function isWithdrawn(then: KeyView, now: KeyView): boolean {
  if (then === now) return false;
  const published = new Set(now.keys.map(({ kid }) => kid));
  return [...then.signers.values()].some((kid) => !published.has(kid));
}

function createProvider(
  deps: LiveProviderDeps,
  keys: Pick<ConfigurationDeps, 'jwks' | 'signers'>,
): Provider {
  const provider = new Provider(deps.issuer, createConfiguration({ ...deps, ...keys }));
  provider.proxy = true;
  deps.clients.attach(provider);
  attachRotation(provider);
  attachRequestPolicy(provider);
  attachTokenIssue(provider, deps);
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
