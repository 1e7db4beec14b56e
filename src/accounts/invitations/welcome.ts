// An accepted invitation ends here: signed in, at the portal that it was for.
import type { Context } from 'koa';
import { audit } from '../../observability/audit.ts';
import type { AccountRow } from '../../storage/accounts.ts';
import { type Client, findClient } from '../../storage/clients.ts';
import type { Database } from '../../storage/database.ts';
import type { InvitationRow } from '../../storage/invitations.ts';

export interface WelcomeDeps {
  db: Database;
  signInHere(ctx: Context, accountId: string, amr: string[]): Promise<unknown>;
}

/** Signs the account in, in this browser, and leads to the portal. */
export async function welcomeInvited(
  ctx: Context,
  deps: WelcomeDeps,
  { account, invitation, amr }: { account: AccountRow; invitation: InvitationRow; amr: string[] },
): Promise<void> {
  await deps.signInHere(ctx, account.id, amr);
  audit(ctx, {
    type: 'sign-in.succeeded',
    accountId: account.id,
    detail: { method: 'invitation' },
  });
  const client = invitation.client_id && (await findClient(deps.db, invitation.client_id));
  ctx.status = 303;
  ctx.redirect((client && homeOf(client)) || '/account');
}

/** Where a client's people begin: where it wants them after sign-out, else its origin. */
function homeOf({ postLogoutRedirectUris, redirectUris }: Client): string | undefined {
  const [home] = postLogoutRedirectUris.filter((uri) => /^https?:/.test(uri));
  const [callback] = redirectUris.filter(({ uri }) => /^https?:/.test(uri));
  return home ?? (callback && `${new URL(callback.uri).origin}/`);
}
