// Microsoft Entra's own error numbers, as help for the administrator. Which page the person sees
// depends on the reason alone.
import type { Explanation, RefusalReason, UpstreamError } from '../connector.ts';

const CONSENT = 'An administrator of the tenant must allow this application';
const FOREIGN =
  'The account is not known in this tenant: invite it as a guest, or let the person take another account.';
const ACCESS_POLICY =
  'A cross-tenant access policy or tenant restriction of one of the two organizations forbids it.';
const CONDITIONAL =
  'Conditional Access or multi-factor authentication asks for more: the person signs in anew; the sign-in log of the tenant names the policy.';
const SILENT = 'The person must take an account or sign in there.';
const SECRET =
  'The client secret is wrong or expired: make a new one in the registration under "Certificates & secrets" and set client_secret to its value, not its ID.';
const CERTIFICATE =
  'The certificate is not in the registration, or expired: upload the one that is set here.';
const STALE = 'What was signed in with has expired or was revoked: the person signs in anew.';
const TENANT = 'There is no such tenant: check tenant and authority.';

const ADVICE: Record<string, [RefusalReason, string]> = {
  65001: ['admin_consent_required', CONSENT],
  90008: ['admin_consent_required', CONSENT],
  90093: ['admin_consent_required', CONSENT],
  90094: ['admin_consent_required', CONSENT],
  900941: ['admin_consent_required', CONSENT],
  650056: ['admin_consent_required', CONSENT],
  65004: ['cancelled', 'The person did not consent.'],
  50105: [
    'not_admitted',
    'The registration requires assignment: assign the person or a group of theirs to the enterprise application.',
  ],
  50014: ['not_admitted', FOREIGN],
  50020: ['not_admitted', FOREIGN],
  50034: ['not_admitted', FOREIGN],
  50057: ['not_admitted', 'The account is disabled in its tenant.'],
  50194: [
    'misconfigured',
    'The registration is for one tenant only: set tenant to its ID instead of common or organizations.',
  ],
  500208: [
    'not_admitted',
    'The application does not take accounts of this type: see "Supported account types" of the registration.',
  ],
  500021: ['not_admitted', ACCESS_POLICY],
  500212: ['not_admitted', ACCESS_POLICY],
  500213: ['not_admitted', ACCESS_POLICY],
  50072: ['interaction_required', CONDITIONAL],
  50076: ['interaction_required', CONDITIONAL],
  50079: ['interaction_required', CONDITIONAL],
  50131: ['interaction_required', CONDITIONAL],
  53003: ['interaction_required', CONDITIONAL],
  16000: ['interaction_required', SILENT],
  50058: ['interaction_required', SILENT],
  50173: ['interaction_required', STALE],
  70008: ['interaction_required', STALE],
  700082: ['interaction_required', STALE],
  50011: ['misconfigured', 'This redirect URI is not in the registration (platform "Web")'],
  700016: [
    'misconfigured',
    'The tenant has no application with this client_id: check client_id and tenant.',
  ],
  7000215: ['misconfigured', SECRET],
  7000222: ['misconfigured', SECRET],
  7000218: [
    'misconfigured',
    'The request carried no credential: the redirect URI must be of the platform "Web".',
  ],
  700027: ['misconfigured', CERTIFICATE],
  90002: ['misconfigured', TENANT],
  900023: ['misconfigured', TENANT],
};

/** What a number stands for; undefined when the answer has none that we know. */
export function explainAadsts(
  { description, error }: UpstreamError,
  connector: { redirectUri: string; consentLink?: string | undefined },
): Explanation | undefined {
  const number = /AADSTS(\d{5,8})/.exec(description)?.[1];
  const [reason, advice] = (number && ADVICE[number]) || [];
  if (!reason || !advice) return undefined;
  const link = reason === 'admin_consent_required' ? connector.consentLink : undefined;
  const address = number === '50011' ? connector.redirectUri : link;
  return { reason, advice: `${error}: AADSTS${number}. ${advice}${address ? `: ${address}` : ''}` };
}

/** Where an administrator of the tenant allows the application for everybody in it. */
export function adminConsentLink(request: {
  authority: string;
  /** `organizations`: of whichever tenant the administrator is. */
  tenant: string;
  clientId: string;
  redirectUri: string;
  scopes: string[];
}): string {
  const link = new URL(`${request.authority}/${request.tenant}/v2.0/adminconsent`);
  link.searchParams.set('client_id', request.clientId);
  link.searchParams.set('redirect_uri', request.redirectUri);
  link.searchParams.set('scope', request.scopes.join(' '));
  return link.href;
}
