// Which address Microsoft Entra names, and how far it is to be believed. `email` alone may be what
// any administrator of any tenant wrote into it (nOAuth).
import type { IDToken } from 'openid-client';
import type { EmailTrust, UpstreamIdentity } from '../connector.ts';
import { isTrue, namesOf, textOf } from '../upstreams/openid-upstream.ts';

type Address = Pick<UpstreamIdentity, 'email' | 'emailTrust'>;

/**
 * The address, with `proven` where a claim shows that its domain is the tenant's or that its mailbox
 * was seen. Never the name of the account: preferred_username and upn are no addresses.
 */
export function addressOf(claims: IDToken, proven: EmailTrust): Address {
  const email = addressIn(claims['email']);
  if (email && isTrue(claims['xms_edov'])) return { email, emailTrust: proven };
  const checked = listOf(claims['verified_primary_email']).map(addressIn).find(Boolean);
  if (checked) return { email: checked, emailTrust: proven };
  return { email, emailTrust: 'none' };
}

/** The text of a claim, unless it is the internal name of a guest. */
export function withoutGuestName(claim: unknown): string | undefined {
  const text = textOf(claim);
  return text && /#ext#/i.test(text) ? undefined : text;
}

function addressIn(claim: unknown): string | undefined {
  const text = withoutGuestName(claim);
  return text?.includes('@') ? text : undefined;
}

const listOf = (claim: unknown): unknown[] => namesOf(claim) ?? [claim];
