// Accepting an invitation with a connector: the link of the mail is the proof of the address.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { findInvitationByToken } from '../../storage/invitations.ts';
import { Refusal } from '../connector.ts';
import type { Connectors } from '../connectors.ts';
import { expectHomeRealm } from '../home-realm.ts';
import { type AttemptDeps, beginAttempt } from './kept-attempts.ts';
import { recordRefusal } from './refuse-sign-in.ts';

type InvitationRouteDeps = AttemptDeps & { connectors: Connectors };

/** Adds GET /invitation/federation/:connector. */
export function addInvitationRoute(router: Router, deps: InvitationRouteDeps): void {
  router.get('/invitation/federation/:connector', async (ctx) => {
    const token = String(ctx.query['token'] ?? '').slice(0, 200);
    const connectorId = String(ctx['params']['connector']);
    ctx.status = 303;
    try {
      ctx.redirect(await begin(ctx, deps, connectorId, token));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      recordRefusal(ctx, error, { connectorId });
      const page = { token, refused: error.reason, connector: connectorId };
      ctx.redirect(`/invitation?${new URLSearchParams(page)}`);
    }
  });
}

async function begin(
  ctx: Context,
  deps: InvitationRouteDeps,
  connectorId: string,
  token: string,
): Promise<string> {
  const invitation = await findInvitationByToken(deps.db, token);
  // That page says whose invitation it is, and what became of it: nobody else leads past it.
  if (invitation?.state !== 'open' || isLedHere(ctx))
    return `/invitation?${new URLSearchParams({ token })}`;
  const connector = await deps.connectors.findEnabled(connectorId);
  if (!connector) throw new Refusal('unavailable', 'there is no such connector, or it is disabled');
  await expectHomeRealm(deps.connectors, connector, invitation.email);
  const hints = { loginHint: invitation.email };
  const purpose = { kind: 'invitation', token } as const;
  return (await beginAttempt(ctx, deps, connector, { purpose, hints })).href;
}

// Whoever is invited could lead somebody else's browser here, and give their own account that
// person's identity.
function isLedHere(ctx: Context): boolean {
  const site = ctx.get('Sec-Fetch-Site');
  return site !== '' && site !== 'same-origin';
}
