// Accepting an invitation with a connector: the link of the mail is the proof of the address.
import type Router from '@koa/router';
import { AppError } from '../errors.ts';
import { findInvitationByToken } from '../storage/invitations.ts';
import { type AttemptDeps, beginAttempt } from './attempts.ts';
import { Refusal } from './connector.ts';
import type { Connectors } from './connectors.ts';
import { recordRefusal } from './refuse-sign-in.ts';

/** Adds GET /invitation/federation/:connector. */
export function addInvitationRoute(
  router: Router,
  deps: AttemptDeps & { connectors: Connectors },
): void {
  router.get('/invitation/federation/:connector', async (ctx) => {
    const token = typeof ctx.query['token'] === 'string' ? ctx.query['token'].slice(0, 200) : '';
    const connectorId = String(ctx['params']['connector']);
    const connector = await deps.connectors.findEnabled(connectorId);
    const invitation = await findInvitationByToken(deps.db, token);
    ctx.status = 303;
    // That page says what became of the invitation.
    if (invitation?.state !== 'open')
      return ctx.redirect(`/invitation?${new URLSearchParams({ token })}`);
    if (!connector) throw new AppError(404, 'not_found', 'This connector is not available.');
    try {
      const purpose = { kind: 'invitation', token } as const;
      const hints = { loginHint: invitation.email };
      ctx.redirect((await beginAttempt(ctx, deps, connector, { purpose, hints })).href);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      recordRefusal(ctx, error, { connectorId });
      ctx.redirect(`/invitation?${new URLSearchParams({ token, refused: error.reason })}`);
    }
  });
}
