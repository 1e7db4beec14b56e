// The ways in that the sign-in page offers: a password, the connectors, or straight to one of them.
import type { Context } from 'koa';
import type { SignUpConfig } from '../../config/sign-up.ts';
import type { Connector, Connectors } from '../../federation/connectors.ts';
import { connectorOfHints } from '../../federation/home-realm.ts';
import { translate } from '../../http/i18n.ts';
import type { ConnectorLink } from '../../http/views.ts';
import type { ClientLookup } from '../client-lookup.ts';
import type { Interaction } from './interaction.ts';

export interface WaysInDeps {
  connectors: Connectors;
  clients: ClientLookup;
  config: SignUpConfig;
}

/** The connectors that this client's people may use. */
export async function connectorsFor(deps: WaysInDeps): Promise<Connector[]> {
  return (await deps.connectors.all()).filter(({ enabled }) => enabled);
}

/** Their buttons. */
export async function connectorLinks(
  ctx: Context,
  deps: WaysInDeps,
  interaction: Interaction,
): Promise<ConnectorLink[]> {
  const offered = await connectorsFor(deps);
  return offered.map((connector) => ({
    name: connector.name,
    href: hrefOf(ctx, interaction, connector),
    icon: connector.kind.icon ?? connector.kindName,
  }));
}

/** Where the browser goes without being asked; undefined: the page is shown. */
export async function straightTo(
  ctx: Context,
  deps: WaysInDeps,
  interaction: Interaction,
): Promise<string | undefined> {
  // Who comes back from there, or asked for this page, is not sent away again.
  if (ctx.query['step'] !== undefined || ctx.query['refused'] !== undefined) return undefined;
  const isAnother = ctx.query['account'] === 'another';
  const named = isAnother
    ? undefined
    : await connectorOfHints(deps.connectors, interaction.params);
  const offered = await connectorsFor(deps);
  const only = !deps.config.passwords && offered.length === 1 ? offered[0] : undefined;
  const connector = named ?? only;
  return connector && hrefOf(ctx, interaction, connector);
}

/** The sentence about a sign-in elsewhere that did not succeed. */
export async function refusedSentence(
  ctx: Context,
  deps: WaysInDeps,
): Promise<string | undefined> {
  const { refused, connector: id } = ctx.query;
  if (typeof refused !== 'string' || !Object.hasOwn(SENTENCES, refused)) return undefined;
  const connector = (await deps.connectors.all()).find((one) => one.id === id);
  return translate(ctx)(`federation.${refused}`, { connector: connector?.name ?? String(id) });
}
