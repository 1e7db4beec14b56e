// Whom a connector lets in: asked at every sign-in, of known and unknown identities alike.
import { type EmailTrust, Refusal, type UpstreamIdentity } from './connector.ts';
import type { Connector } from './connectors.ts';

/** How far the address of this identity is to be believed: the administrator's word counts most. */
export function emailTrustOf(
  { settings }: Pick<Connector, 'settings'>,
  identity: UpstreamIdentity,
): EmailTrust {
  if (!identity.email || identity.emailUnproven) return 'none';
  // A guest's address is that of another organization, whatever is believed of the own people's.
  if (identity.guest) return identity.emailTrust;
  return settings.email_trust ?? identity.emailTrust;
}

/** The domain of an address, in lower case. */
export function domainOf(email: string): string {
  return email.slice(email.lastIndexOf('@') + 1).toLowerCase();
}

/** Throws a Refusal (`not_admitted`) unless the connector's settings let the identity in. */
export function expectAdmitted(connector: Connector, identity: UpstreamIdentity): void {
  const { allowed_domains: domains } = connector.settings;
  if (domains.length === 0) return;
  const isTrusted = emailTrustOf(connector, identity) !== 'none' && !identity.guest;
  const domain = isTrusted && identity.email ? domainOf(identity.email) : undefined;
  if (domain && domains.includes(domain)) return;
  const advice = domain
    ? `the address is of ${domain}, which is not among allowed_domains`
    : 'allowed_domains is set, and no trusted address of a member came';
  throw new Refusal('not_admitted', advice);
}
