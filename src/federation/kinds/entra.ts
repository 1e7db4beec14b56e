// Microsoft Entra ID: organizations of Microsoft, one, several or any.
import { z } from 'zod';
import type { ConnectorKind, EmailTrust, Tokens, Upstream } from '../connector.ts';
import { adminConsentLink, explainAadsts } from '../entra/aadsts.ts';
import { admissionProblems, admit } from '../entra/admission.ts';
import { discoverTenant, graphOf, PUBLIC_CLOUD } from '../entra/authority.ts';
import { credentialProblems, credentialSettings } from '../entra/credential.ts';
import { addressOf } from '../entra/email.ts';
import { graphProblems, groupsOf, membershipsOf } from '../entra/groups.ts';
import { checkKeyIssuer, guestOf, identityOf, type Person, personOf } from '../entra/identity.ts';
import { authorizationParameters, endSessionUrl } from '../entra/requests.ts';
import { authorityOrigin, isShared, tenantId, tenantName } from '../entra/tenants.ts';

const settings = {
  /** Its ID or a verified domain; `common` or `organizations`: several, see `tenants`. */
  tenant: tenantName,
  /** IDs of the tenants whose people are let in. */
  tenants: z.array(tenantId).default([]),
  /** Instead of `tenants`: everybody's. */
  any_tenant: z.boolean().default(false),
  /** Let personal Microsoft accounts in. */
  personal_accounts: z.boolean().default(false),
  /** Let guests of the tenant in. Where not, the optional claim acct is needed. */
  guests: z.boolean().default(true),
  /** Of a sovereign cloud or a stand-in. */
  authority: authorityOrigin.default(PUBLIC_CLOUD),
  /** Microsoft Graph, where it is not the one of the cloud. */
  graph: authorityOrigin.optional(),
  /** Ask Graph for the groups of people who have too many for a token. */
  graph_groups: z.boolean().default(false),
  /** A domain of the tenant: skips Microsoft's page for the address. */
  domain_hint: z.string().min(1).optional(),
  ...credentialSettings,
};

type EntraUpstream = Upstream<z.infer<z.ZodObject<typeof settings>>>;

export const entra: ConnectorKind<typeof settings> = {
  title: 'Microsoft',
  settings,
  problems: (all) => [...admissionProblems(all), ...credentialProblems(all), ...graphProblems(all)],
  scopes: ['openid', 'profile', 'email'],
  protocol: 'oidc',
  configure: (upstream) => discoverTenant(upstream, upstream.settings.tenant),
  authorizationParameters: (upstream, hints) =>
    authorizationParameters(hints, { domainHint: upstream.settings.domain_hint }),
  async readIdentity(upstream, { configuration, tokens }) {
    const person = personOf(tokens, (tid) => `${upstream.settings.authority}/${tid}/v2.0`);
    checkKeyIssuer(configuration, tokens, person);
    admit(upstream.settings, person);
    const identity = identityOf(person);
    const groups = await groupsOf(person.claims, graphFor(upstream, tokens));
    return {
      ...identity,
      ...addressOf(person.claims, trustIn(upstream, person)),
      ...membershipsOf(upstream.settings, { groups, roles: identity.roles }),
      guest: guestOf(person),
    };
  },
  explain: (error, { redirectUri, settings }) =>
    explainAadsts(error, {
      redirectUri,
      consentLink: adminConsentLink({
        authority: settings.authority,
        tenant: isShared(settings.tenant) ? 'organizations' : settings.tenant,
        clientId: settings.client_id,
        redirectUri,
        scopes: settings.scopes ?? entra.scopes,
      }),
    }),
  endSession: endSessionUrl,
};

// One tenant runs the domains of its members; of several, and of guests, nobody can say that.
function trustIn({ settings }: EntraUpstream, person: Person): EmailTrust {
  const member = guestOf(person) === false;
  return member && !isShared(settings.tenant) ? 'authoritative' : 'verified';
}

function graphFor({ fetch, settings }: EntraUpstream, { access_token }: Tokens) {
  if (!settings.graph_groups) return undefined;
  return { origin: graphOf(settings), accessToken: access_token, fetch };
}
