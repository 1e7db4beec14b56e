// GET /: what this server is, and who is signed in here.
import Router from '@koa/router';
import type { Context } from 'koa';
import type { Provider } from 'oidc-provider';
import { findUsableAccount } from '../accounts/account.ts';
import type { Render } from '../http/render.ts';
import type { Views } from '../http/views.ts';
import type { Database } from '../storage/database.ts';

export interface HomeDeps {
  issuer: string;
  render: Render;
  db: Database;
  provider: () => Provider;
  demo: Views['home']['demo'] | undefined;
}

/** The start page. */
export function createHomeRoute(deps: HomeDeps): Router {
  return new Router().get('/', async (ctx) => {
    const account = await findSignedIn(ctx, deps);
    deps.render(ctx, 'home', {
      issuer: deps.issuer,
      ...(account ? { signedIn: { name: account.displayName, email: account.email } } : {}),
      ...(deps.demo ? { demo: deps.demo } : {}),
    });
  });
}

async function findSignedIn(ctx: Context, { db, provider }: HomeDeps) {
  // The types ask for the provider's own context; the library takes any that has cookies.
  const session = await provider().Session.get(ctx as Parameters<Provider['Session']['get']>[0]);
  return session.accountId ? findUsableAccount(db, session.accountId) : undefined;
}
