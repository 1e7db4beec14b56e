// An accepted invitation ends here: signed in, at the portal that it was for.
import type { Context } from 'koa';
import { audit } from '../../observability/audit.ts';
import type { AccountRow } from '../../storage/accounts.ts';
import { type Client, findClient } from '../../storage/clients.ts';
import type { Database } from '../../storage/database.ts';
import type { InvitationRow } from '../../storage/invitations.ts';
import type { KnownDevices } from '../known-device.ts';

export interface WelcomeDeps {
  db: Database;
  devices: KnownDevices;
  signInHere(ctx: Context, accountId: string, amr: string[]): Promise<{ uid: string }>;
}

/** Signs the account in, in this browser, and leads to the portal. Returns the session. */
export async function welcomeInvited(
  ctx: Context,
  deps: WelcomeDeps,
  { account, invitation, amr }: { account: AccountRow; invitation: InvitationRow; amr: string[] },
): Promise<{ uid: string }> {
  const session = await deps.signInHere(ctx, account.id, amr);
  deps.devices.remember(ctx, account.email);
  audit(ctx, {
    type: 'sign-in.succeeded',
    accountId: account.id,
    detail: { method: 'invitation' },
  });
  const client = invitation.client_id && (await findClient(deps.db, invitation.client_id));
  ctx.status = 303;
  ctx.redirect((client && homeOf(client)) || '/account');
  return session;
}

/** Where a client's people begin: where it wants them after sign-out, else its origin. */
function homeOf({ postLogoutRedirectUris, redirectUris }: Client): string | undefined {
  const [home] = postLogoutRedirectUris.filter((uri) => /^https?:/.test(uri));
  const [callback] = redirectUris.filter(({ uri }) => /^https?:/.test(uri));
  return home ?? (callback && `${new URL(callback.uri).origin}/`);
}
