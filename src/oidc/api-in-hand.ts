// The API that the token of a request is for, once it was found.
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Api } from '../catalog/apis.ts';

const apis = new WeakMap<object, Api>();

/** Remembers the API of this request. */
export function noteApi(ctx: KoaContextWithOIDC, api: Api): void {
  apis.set(ctx.oidc, api);
}

/** The API of this request; undefined: a sign-in alone, or the request did not come so far. */
export function apiInHand(ctx: KoaContextWithOIDC): Api | undefined {
  return apis.get(ctx.oidc);
}
