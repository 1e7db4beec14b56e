// Home-realm discovery: which connector an address or a hint of the client leads to. Everything that is
// asked here is in memory, so that known and unknown domains take the same time.
import type { ProvenDomain } from '../storage/connectors.ts';
import { domainOf } from './admission.ts';
import { Refusal } from './connector.ts';
import type { Connector, Connectors } from './connectors.ts';

/** Where people of this address sign in; undefined: the domain is nobody's. */
export async function connectorOfAddress(
  connectors: Connectors,
  email: string,
): Promise<{ connector: Connector; forced: boolean } | undefined> {
  return connectorOfDomain(connectors, domainOf(email.trim()));
}

async function connectorOfDomain(connectors: Connectors, domain: string) {
  const domains = await connectors.domains();
  const found: ProvenDomain | undefined = domains.find(
    (one) => one.domain === domain.toLowerCase(),
  );
  const connector = (await connectors.all()).find(({ id }) => id === found?.connector_id);
  // Forced stays forced: a connector that is switched off opens no other door.
  const counts = connector && found && (connector.enabled || found.forced);
  return counts ? { connector, forced: found.forced } : undefined;
}

/** The connector that people of this address must sign in with; undefined: they are free. */
export async function forcedConnector(
  connectors: Connectors,
  email: string,
): Promise<Connector | undefined> {
  const found = await connectorOfAddress(connectors, email);
  return found?.forced ? found.connector : undefined;
}

/** Throws a Refusal (`other_connector`) when people of this address must sign in with another connector. */
export async function expectHomeRealm(
  connectors: Connectors,
  { id }: Pick<Connector, 'id'>,
  email: string,
): Promise<void> {
  const forced = await forcedConnector(connectors, email);
  if (forced && forced.id !== id)
    throw new Refusal('other_connector', `${domainOf(email)} is forced to ${forced.id}`);
}

/** The connector that the client's request names, by `idp_hint`, `domain_hint` or `login_hint`. */
export async function connectorOfHints(
  connectors: Connectors,
  params: Record<string, unknown>,
): Promise<Connector | undefined> {
  const { idp_hint: idp, domain_hint: domain, login_hint: login } = params;
  const named = typeof idp === 'string' ? await connectors.findEnabled(idp) : undefined;
  if (named) return named;
  const byDomain =
    typeof domain === 'string' ? await connectorOfDomain(connectors, domain) : undefined;
  if (byDomain) return byDomain.connector;
  const byLogin =
    typeof login === 'string' && login.includes('@')
      ? await connectorOfAddress(connectors, login)
      : undefined;
  return byLogin?.connector;
}
