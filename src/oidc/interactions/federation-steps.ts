// Signing in elsewhere, within an interaction: the way to the upstream and the way back with its answer.
import type Router from '@koa/router';
import type { Context } from 'koa';
import {
  type AttemptDeps,
  beginAttempt,
  type Purpose,
} from '../../federation/attempts/kept-attempts.ts';
import { refuseSignIn } from '../../federation/attempts/refuse-sign-in.ts';
import { type AuthorizationHints, Refusal } from '../../federation/connector.ts';
import type { Connector, Connectors } from '../../federation/connectors.ts';
import { type Interaction, type StepDeps, withInteraction } from './interaction.ts';
import { isOffered, type WaysInDeps } from './ways-in.ts';

export interface FederationStepsDeps extends StepDeps, WaysInDeps, AttemptDeps {
  browser: StepDeps['browser'];
  connectors: Connectors;
}

/** Adds the steps that lead to an upstream. */
export function addFederationSteps(router: Router, deps: FederationStepsDeps): void {
  router.get(
    '/federation/:connector',
    withInteraction(deps, (ctx, interaction) => leave(ctx, deps, interaction, 'sign-in')),
  );
  router.get(
    '/identity/proof/:connector',
    withInteraction(deps, (ctx, interaction) => leave(ctx, deps, interaction, 'proof')),
  );
}

async function leave(
  ctx: Context,
  deps: FederationStepsDeps,
  interaction: Interaction,
  kind: 'sign-in' | 'proof',
): Promise<void> {
  const connectorId = String(ctx['params'].connector);
  const connector = await deps.connectors.findEnabled(connectorId);
  const purpose: Purpose = { kind, interactionUid: interaction.uid };
  const href = await begin(ctx, deps, interaction, { connectorId, connector, purpose });
  if (!href) return;
  ctx.status = 303;
  ctx.redirect(href);
}

/**
 * Begins a sign-in at a connector for whoever has this address, and returns where the browser goes;
 * undefined: the upstream cannot be used, and the browser was led back to the sign-in page.
 */
export function beginSignIn(
  ctx: Context,
  deps: FederationStepsDeps,
  interaction: Interaction,
  connector: Connector,
  loginHint: string,
): Promise<string | undefined> {
  const purpose = { kind: 'sign-in', interactionUid: interaction.uid } as const;
  const trip = { connectorId: connector.id, connector, purpose };
  return begin(ctx, deps, interaction, { ...trip, loginHint });
}

async function begin(
  ctx: Context,
  deps: FederationStepsDeps,
  interaction: Interaction,
  trip: {
    connectorId: string;
    connector: Connector | undefined;
    purpose: Purpose;
    loginHint?: string;
  },
): Promise<string | undefined> {
  const { connector, connectorId, purpose, loginHint } = trip;
  try {
    if (!connector?.enabled)
      throw new Refusal('unavailable', 'there is no such connector, or it is disabled');
    // An account may be proven with any of its ways in; to sign in, the client says with which.
    if (purpose.kind === 'sign-in' && !(await isOffered(deps, interaction, connector)))
      throw new Refusal('not_admitted', 'the client does not offer this connector');
    const hints = { ...hintsOf(ctx, interaction), ...(loginHint ? { loginHint } : {}) };
    return (await beginAttempt(ctx, deps, connector, { purpose, hints })).href;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const clientId = String(interaction.params['client_id']);
    refuseSignIn(ctx, { interactionUid: interaction.uid, clientId, connectorId }, error);
    return undefined;
  }
}

/** What the request of the client, and the person's choice on our page, ask of the upstream. */
function hintsOf(ctx: Context, { params, prompt }: Interaction): AuthorizationHints {
  const text = (value: unknown) =>
    typeof value === 'string' && value !== '' ? value.slice(0, 320) : undefined;
  return {
    loginHint: text(params['login_hint']),
    domainHint: text(params['domain_hint']),
    uiLocales: text(params['ui_locales']),
    prompt: promptOf(ctx, prompt),
    ...(typeof params['max_age'] === 'number' ? { maxAge: params['max_age'] } : {}),
  };
}

function promptOf(ctx: Context, prompt: Interaction['prompt']): AuthorizationHints['prompt'] {
  if (prompt.reasons.some((reason) => reason === 'login_prompt' || reason === 'max_age'))
    return 'login';
  if (prompt.name === 'create') return 'create';
  const isAnother = prompt.name === 'select_account' || ctx.query['account'] === 'another';
  return isAnother ? 'select_account' : undefined;
}
