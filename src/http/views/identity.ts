// The pages of somebody who signs in elsewhere for the first time, and of the ways in at My account.
import type { AccountSummary, ConnectorLink, InteractionForms } from './parts.ts';

export interface IdentityViews {
  /** Posts `csrf`, `email`, `given_name`, `family_name` to `action`. */
  'identity/profile': InteractionForms & {
    connector: string;
    values: { email: string; givenName: string; familyName: string };
    /** The upstream's word is enough: the address is shown and cannot be changed. */
    emailFixed: boolean;
    errors: { email?: string; givenName?: string; familyName?: string };
  };
  /** Posts `csrf` and `code` to `action`; `csrf` alone to `resendAction`. */
  'identity/code': InteractionForms & {
    email: string;
    resendAction: string;
    profileHref: string;
    again: boolean;
    error?: string;
  };
  /** Posts `csrf` and, where it is asked, `password` to `action`. */
  'identity/link': InteractionForms & {
    connector: string;
    /** How the upstream calls the person. */
    identity: string;
    account: AccountSummary;
    isProven: boolean;
    askPassword: boolean;
    /** Other ways to prove that the account is theirs. */
    others: ConnectorLink[];
    error?: string;
  };
}
