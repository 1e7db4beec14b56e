// Microsoft Entra External ID: a tenant for customers, who sign up there themselves.
import type { Configuration } from 'openid-client';
import type { ConnectorKind, Upstream } from '../connector.ts';
import { Refusal } from '../connector.ts';
import { adminConsentLink, explainAadsts } from '../entra/aadsts.ts';
import { checkEndpoints, explainNoDocument, PUBLIC_CLOUD } from '../entra/authority.ts';
import {
  type CredentialSettings,
  clientAuthentication,
  credentialProblems,
  credentialSettings,
} from '../entra/credential.ts';
import { addressOf } from '../entra/email.ts';
import { groupsOf, membershipsOf } from '../entra/groups.ts';
import { identityOf, personOf } from '../entra/identity.ts';
import { authorizationParameters, endSessionUrl } from '../entra/requests.ts';
import { authorityOrigin, tenantId } from '../entra/tenants.ts';
import { discover } from '../upstreams/openid-upstream.ts';

const settings = {
  /** `https://<name>.ciamlogin.com`, or the custom domain of the tenant: what people see. */
  authority: authorityOrigin,
  tenant: tenantId,
  ...credentialSettings,
};

export const entraExternalId: ConnectorKind<typeof settings> = {
  title: 'Microsoft Entra External ID',
  settings,
  problems: credentialProblems,
  scopes: ['openid', 'profile', 'email'],
  protocol: 'oidc',
  configure: discoverCustomers,
  authorizationParameters: (_upstream, hints) => authorizationParameters(hints, { signUp: true }),
  async readIdentity(upstream, { tokens }) {
    const person = personOf(tokens, issuerOf);
    const identity = identityOf(person);
    const groups = await groupsOf(person.claims, undefined);
    return {
      ...identity,
      // What it calls people who were not asked for a name.
      displayName: identity.displayName === 'unknown' ? undefined : identity.displayName,
      ...addressOf(person.claims, 'verified'),
      ...membershipsOf(upstream.settings, { groups, roles: identity.roles }),
    };
  },
  explain: (error, { redirectUri, settings }) =>
    explainAadsts(error, {
      redirectUri,
      consentLink: adminConsentLink({
        authority: PUBLIC_CLOUD,
        tenant: settings.tenant,
        clientId: settings.client_id,
        redirectUri,
        scopes: settings.scopes ?? entraExternalId.scopes,
      }),
    }),
  endSession: endSessionUrl,
};

// Whatever name it is asked by, it issues under its ID.
const issuerOf = (tenant: string) => `https://${tenant}.ciamlogin.com/${tenant}/v2.0`;

async function discoverCustomers(
  upstream: Upstream<CredentialSettings & { authority: string; tenant: string }>,
): Promise<Configuration> {
  const { authority, tenant } = upstream.settings;
  // By its full address, because openid-client would want the issuer to be on the same host.
  const configuration = await discover(
    upstream,
    `${authority}/${tenant}/v2.0/.well-known/openid-configuration`,
    await clientAuthentication(upstream),
  ).catch((error: unknown) => {
    throw explainNoDocument(error, `${authority}/${tenant}`);
  });
  const metadata = configuration.serverMetadata();
  if (metadata.issuer !== issuerOf(tenant))
    throw new Refusal(
      'invalid_answer',
      `The discovery document of ${authority} names the issuer ${metadata.issuer}, not ${issuerOf(tenant)}: check authority and tenant.`,
    );
  // Behind a custom domain the document may name the tenant's own host.
  checkEndpoints(
    metadata,
    upstream.settings,
    (origin) => origin === authority || /^https:\/\/[a-z0-9-]+\.ciamlogin\.com$/.test(origin),
  );
  return configuration;
}
