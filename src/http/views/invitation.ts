// The pages behind the link of an invitation.
import type { ConnectorLink } from './parts.ts';

export interface InvitationViews {
  /** Posts `csrf`, `given_name`, `family_name`, `password` to `action`. */
  'invitation/accept': {
    action: string;
    csrf: string;
    inviter: string;
    message: string | undefined;
    email: string;
    givenName: string;
    familyName: string;
    /** False: there is no form, only the connectors. */
    passwords: boolean;
    connectors: ConnectorLink[];
    alert?: string;
    errors?: { givenName?: string; familyName?: string; password?: string };
  };
  /** Posts `csrf` to `action`. */
  'invitation/expired': { action: string; csrf: string; inviter: string };
  'invitation/asked': { inviter: string };
  'invitation/void': { title: string; text: string; signIn: boolean };
}
