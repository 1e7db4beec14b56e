// The ways in that the sign-in page offers: a password, the connectors, or straight to one of them.
import type { Context } from 'koa';
import type { SignUpConfig } from '../../config/sign-up.ts';
import type { Connector, Connectors } from '../../federation/connectors.ts';
import { connectorOfHints } from '../../federation/home-realm.ts';
import type { Render } from '../../http/render.ts';
import type { ConnectorLink } from '../../http/views/parts.ts';
import type { ClientLookup } from '../client-lookup.ts';
import type { Interaction } from './interaction.ts';

export interface WaysInDeps {
  connectors: Connectors;
  clients: ClientLookup;
  config: SignUpConfig;
}

/** The connectors that this client's people may use. */
async function connectorsFor(deps: WaysInDeps, interaction: Interaction): Promise<Connector[]> {
  const connectors = (await deps.connectors.all()).filter(({ enabled }) => enabled);
  const offered = (await signInOf(deps, interaction)).connectors;
  return offered ? connectors.filter(({ id }) => offered.includes(id)) : connectors;
}

/** Whether this client's people may use this connector. */
export async function isOffered(
  deps: WaysInDeps,
  interaction: Interaction,
  { id }: Connector,
): Promise<boolean> {
  const { connectors } = await signInOf(deps, interaction);
  return connectors?.includes(id) ?? true;
}

/** Whether this client's people may use a password. */
export async function passwordsOffered(
  deps: Pick<WaysInDeps, 'clients' | 'config'>,
  interaction: Interaction,
): Promise<boolean> {
  return deps.config.passwords && (await signInOf(deps, interaction)).passwords;
}

async function signInOf({ clients }: Pick<WaysInDeps, 'clients'>, { params }: Interaction) {
  const client = await clients.find(String(params['client_id']));
  return client?.signIn ?? { connectors: undefined, passwords: true };
}

/** Their buttons. */
export async function connectorLinks(
  ctx: Context,
  deps: WaysInDeps,
  interaction: Interaction,
): Promise<ConnectorLink[]> {
  const offered = await connectorsFor(deps, interaction);
  return offered.map((connector) => ({
    name: connector.name,
    href: hrefOf(ctx, interaction, connector),
    icon: connector.kindName,
  }));
}

/** Leads the browser to the one way there is, or that the client names; false: the page is to be shown. */
export async function goStraight(
  ctx: Context,
  deps: WaysInDeps & { render: Render },
  interaction: Interaction,
): Promise<boolean> {
  const connector = await straightTo(ctx, deps, interaction);
  if (!connector) return false;
  const href = hrefOf(ctx, interaction, connector);
  // After a form browsers hold the whole chain of redirects against its policy: here the chain ends.
  if (ctx.query['account'] === 'another')
    deps.render(ctx, 'leave', { connector: connector.name, href });
  else {
    ctx.status = 303;
    ctx.redirect(href);
  }
  return true;
}

async function straightTo(
  ctx: Context,
  deps: WaysInDeps,
  interaction: Interaction,
): Promise<Connector | undefined> {
  // Who comes back from there, or asked for this page, is not sent away again.
  if (ctx.query['step'] !== undefined || ctx.query['refused'] !== undefined) return undefined;
  const isAnother = ctx.query['account'] === 'another';
  const named = isAnother ? undefined : await connectorOfHints(deps.connectors, interaction.params);
  const offered = await connectorsFor(deps, interaction);
  const passwords = await passwordsOffered(deps, interaction);
  const only = !passwords && offered.length === 1 ? offered[0] : undefined;
  return offered.find(({ id }) => id === named?.id) ?? only;
}

// Where the way to a connector begins; what the page was asked with goes along.
function hrefOf(ctx: Context, interaction: Interaction, connector: Connector): string {
  const isAnother = ctx.query['account'] === 'another' && ctx.query['refused'] === undefined;
  const query = isAnother ? '?account=another' : '';
  return `/interaction/${interaction.uid}/federation/${connector.id}${query}`;
}
