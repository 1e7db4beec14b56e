// Who a person of Microsoft Entra is: tenant and object, never a name or an address.
import { decodeProtectedHeader } from 'jose';
import * as client from 'openid-client';
import { Refusal, type Tokens, type UpstreamIdentity } from '../connector.ts';
import {
  claimsOf,
  isTrue,
  namesOf,
  standardIdentity,
  textOf,
} from '../upstreams/openid-upstream.ts';
import { withoutGuestName } from './email.ts';
import { isTenantId } from './tenants.ts';

/** The claims of a validated ID token with the two that make the identity. */
export interface Person {
  claims: client.IDToken;
  tid: string;
  oid: string;
}

/** Reads the claims. `issuerFor` is what the issuer of a tenant must be. Throws a Refusal. */
export function personOf(tokens: Tokens, issuerFor: (tid: string) => string): Person {
  const claims = claimsOf(tokens);
  const tid = textOf(claims['tid'])?.toLowerCase();
  const oid = textOf(claims['oid'])?.toLowerCase();
  if (!tid || !oid)
    throw new Refusal(
      'misconfigured',
      'The ID token names no tid or no oid: ask for the scope profile.',
    );
  if (!isTenantId(tid) || claims.iss !== issuerFor(tid))
    throw new Refusal('invalid_answer', `The ID token of ${claims.iss} names the tenant ${tid}.`);
  return { claims, tid, oid };
}

/** What all kinds of tenants say of a person; nothing yet of address and groups. */
export function identityOf({ claims, tid, oid }: Person): UpstreamIdentity {
  return {
    ...standardIdentity(claims),
    ...{ subject: `${tid}:${oid}`, email: undefined, emailTrust: 'none' },
    displayName: withoutGuestName(claims['name']),
    roles: namesOf(claims['roles']),
    logoutHint: textOf(claims['login_hint']),
  };
}

/** Whether it is known of a person that they are a guest of the tenant, or that they are not. */
export function guestOf({ claims, tid }: Person): boolean | undefined {
  if (isTrue(claims['acct'])) return true;
  const home = textOf(claims['idp']);
  if (home && home !== claims.iss && !home.toLowerCase().includes(tid)) return true;
  return claims['acct'] === undefined ? undefined : false;
}

/**
 * Keys that all tenants share say for which issuer they sign: a key of personal accounts must not
 * vouch for an organization. The keys are those with which the signature was just checked.
 */
export function checkKeyIssuer(
  configuration: client.Configuration,
  tokens: Tokens,
  { claims, tid }: Person,
): void {
  const { kid } = decodeProtectedHeader(tokens.id_token ?? '');
  // `issuer` is a member of Microsoft's own (RFC 7517 section 4 allows more than it names).
  const keys: { kid?: string; issuer?: unknown }[] =
    client.getJwksCache(configuration)?.jwks.keys ?? [];
  const issuer = textOf(keys.find((key) => key.kid === kid)?.issuer);
  if (issuer && issuer.replace('{tenantid}', tid) !== claims.iss)
    throw new Refusal('invalid_answer', `A key of ${issuer} signed an ID token of ${claims.iss}.`);
}
