// The request that a session is written for: one of the protocol's, or one of our own pages.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context } from 'koa';
import { Provider } from 'oidc-provider';

const storage = new AsyncLocalStorage<Context>();

/** Runs `work` for a page of ours, which the provider does not see. */
export function forOwnPage<T>(ctx: Context, work: () => Promise<T>): Promise<T> {
  return storage.run(ctx, work);
}

/** The request under way, if there is one. */
export function requestInHand(): Context | undefined {
  return Provider.ctx ?? storage.getStore();
}
