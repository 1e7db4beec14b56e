// Personal Microsoft accounts: Outlook.com, Xbox, Skype.
import type { ConnectorKind } from '../connector.ts';
import { explainAadsts } from '../entra/aadsts.ts';
import { discoverTenant, PUBLIC_CLOUD } from '../entra/authority.ts';
import { credentialProblems, credentialSettings } from '../entra/credential.ts';
import { addressOf } from '../entra/email.ts';
import { checkKeyIssuer, identityOf, personOf } from '../entra/identity.ts';
import { authorizationParameters, endSessionUrl } from '../entra/requests.ts';
import { authorityOrigin } from '../entra/tenants.ts';

const settings = {
  /** Of a stand-in. */
  authority: authorityOrigin.default(PUBLIC_CLOUD),
  ...credentialSettings,
};

export const microsoft: ConnectorKind<typeof settings> = {
  title: 'Microsoft (personal)',
  settings,
  problems: credentialProblems,
  scopes: ['openid', 'profile', 'email'],
  protocol: 'oidc',
  configure: (upstream) => discoverTenant(upstream, 'consumers'),
  authorizationParameters: (_upstream, hints) => authorizationParameters(hints, {}),
  async readIdentity(upstream, { configuration, tokens }) {
    const person = personOf(tokens, (tid) => `${upstream.settings.authority}/${tid}/v2.0`);
    checkKeyIssuer(configuration, tokens, person);
    // Microsoft takes no address for a personal account without having seen its mailbox.
    return {
      ...identityOf(person),
      ...addressOf({ ...person.claims, xms_edov: true }, 'verified'),
    };
  },
  explain: (error, { redirectUri }) => explainAadsts(error, { redirectUri }),
  endSession: endSessionUrl,
};
