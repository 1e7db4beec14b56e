// Somebody whom an upstream vouched for, on the way to an account: what all their steps need.
import type { Context } from 'koa';
import type { KnownDevices } from '../../accounts/known-device.ts';
import type { SignInDeps } from '../../accounts/sign-in.ts';
import { refuseSignIn } from '../../federation/attempts/refuse-sign-in.ts';
import { Refusal } from '../../federation/connector.ts';
import type { Connector } from '../../federation/connectors.ts';
import type { NewAccountDeps } from '../../federation/identities/new-account.ts';
import {
  dropPending,
  findPending,
  type PendingDeps,
  type PendingIdentity,
} from '../../federation/identities/pending-identity.ts';
import { beginUpstreamSession } from '../../federation/sessions/upstream-session.ts';
import { keepRefreshToken } from '../../federation/sessions/upstream-tokens.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import { audit } from '../../observability/audit.ts';
import type { AccountRow } from '../../storage/accounts.ts';
import type { IdentityRow } from '../../storage/identities.ts';
import { currentUnitOfWork } from '../../storage/unit-of-work.ts';
import {
  handBackSignedIn,
  type Interaction,
  type StepDeps,
  withInteraction,
} from './interaction.ts';

export interface IdentityStepsDeps extends StepDeps, NewAccountDeps, PendingDeps {
  devices: KnownDevices;
  signIn: SignInDeps;
  /** Profiles of one network. */
  limit: RateLimit;
  /** Codes to one address. */
  codeLimit: RateLimit;
}

/** An identity on its way to an account. */
export interface Newcomer {
  interaction: Interaction;
  connector: Connector;
  pending: PendingIdentity;
}

/** Runs a step with the identity that waits at this interaction; a Refusal leads to the sign-in page. */
export function whenPending(
  deps: IdentityStepsDeps,
  step: (ctx: Context, newcomer: Newcomer) => Promise<void>,
): (ctx: Context) => Promise<void> {
  return withInteraction(deps, async (ctx, interaction) => {
    const { uid } = interaction;
    // Two windows of one interaction: guesses and links come one after the other.
    const pending = await findPending(deps, `interaction:${uid}`, { forUpdate: true });
    if (!pending) {
      ctx.status = 303;
      return ctx.redirect(`/interaction/${uid}`);
    }
    await run(ctx, deps, { interaction, pending }, step);
  });
}

async function run(
  ctx: Context,
  deps: IdentityStepsDeps,
  { interaction, pending }: Omit<Newcomer, 'connector'>,
  step: (ctx: Context, newcomer: Newcomer) => Promise<void>,
): Promise<void> {
  const { connectorId } = pending;
  const { uid: interactionUid, params } = interaction;
  try {
    const connector = await deps.connectors.findEnabled(connectorId);
    if (!connector) throw new Refusal('unavailable', 'the connector was disabled meanwhile');
    await step(ctx, { interaction, connector, pending });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    // An account that waits for its approval is kept; whatever else a refused step wrote is not.
    if (error.reason !== 'waiting') await currentUnitOfWork()?.rollback();
    await dropPending(deps, `interaction:${interactionUid}`);
    const clientId = String(params['client_id']);
    refuseSignIn(ctx, { interactionUid, connectorId, clientId }, error);
  }
}

/** Signs the account in and hands back to the authorization endpoint. Throws a Refusal when it may not. */
export async function finish(
  ctx: Context,
  deps: IdentityStepsDeps,
  { interaction, connector, pending }: Newcomer,
  { account, row }: { account: AccountRow; row: IdentityRow },
): Promise<void> {
  const { identity } = pending;
  await keepRefreshToken(deps, row.id, pending.refreshToken);
  // What came of it is kept, also where nobody may come in yet.
  if (account.approval === 'waiting')
    throw new Refusal('waiting', 'an administrator has yet to approve the account');
  if (account.state !== 'active') throw new Refusal('blocked', `the account is ${account.state}`);
  await dropPending(deps, `interaction:${interaction.uid}`);
  audit(ctx, {
    type: 'sign-in.succeeded',
    accountId: account.id,
    clientId: String(interaction.params['client_id']),
    detail: { method: 'federation', connector: connector.id },
  });
  deps.devices.remember(ctx, account.email);
  await handBackSignedIn(ctx, deps, interaction, {
    accountId: account.id,
    amr: identity.amr ?? [],
    ...(identity.authTime === undefined ? {} : { ts: identity.authTime }),
    upstream: await beginUpstreamSession(deps, row, identity),
  });
}
