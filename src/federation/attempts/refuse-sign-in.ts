// Nobody was signed in: the person reads a sentence on our own page, the trail says why, and the log
// what an administrator can do about it.
import type { Context } from 'koa';
import { requestLog } from '../../http/correlation.ts';
import { translate } from '../../http/i18n.ts';
import { audit } from '../../observability/audit.ts';
import { REFUSAL_REASONS, type Refusal } from '../connector.ts';
import type { Connectors } from '../connectors.ts';
import { printable } from '../printable.ts';

/** Writes the refusal to the audit trail and the log. */
export function recordRefusal(
  ctx: Context,
  { reason, message }: Refusal,
  about: { connectorId: string; clientId?: string | undefined; accountId?: string | undefined },
): void {
  const { connectorId, clientId, accountId } = about;
  // An address that was typed by hand may be anything, and so may the words of an upstream.
  const connector = printable(connectorId, 60);
  const advice = printable(message, 1000);
  requestLog(ctx).warn({ connector, reason, advice }, 'a sign-in elsewhere did not succeed');
  audit(ctx, {
    type: 'sign-in.failed',
    clientId,
    accountId,
    detail: { method: 'federation', connector, reason, advice },
  });
}

/** The sentence about a refusal that the address of the page tells of; undefined: it tells of none. */
export async function sentenceOfRefusal(
  ctx: Context,
  connectors: Connectors,
): Promise<string | undefined> {
  const { refused, connector: id } = ctx.query;
  const reason = REFUSAL_REASONS.find((one) => one === refused);
  const connector = (await connectors.all()).find((one) => one.id === id);
  return reason && translate(ctx)(`federation.${reason}`, { connector: connector?.name ?? '' });
}

/** Leads back to the sign-in page of the interaction, which says the reason in a sentence. */
export function refuseSignIn(
  ctx: Context,
  about: { interactionUid: string; connectorId: string; clientId?: string | undefined },
  refusal: Refusal,
): void {
  recordRefusal(ctx, refusal, about);
  const page = new URLSearchParams({
    ...{ account: 'another', step: 'sign-in' },
    ...{ refused: refusal.reason, connector: about.connectorId },
  });
  ctx.status = 303;
  ctx.redirect(`/interaction/${about.interactionUid}?${page}`);
}
