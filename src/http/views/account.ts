// The pages of My account.
export type AccountSection =
  | 'overview'
  | 'password'
  | 'email'
  | 'identities'
  | 'link-identity'
  | 'sessions'
  | 'applications'
  | 'activity'
  | 'language'
  | 'download'
  | 'close';

/** What every page of My account is given. Every form posts `csrf`. */
export interface AccountPage {
  section: AccountSection;
  account: { name: string; email: string };
  csrf: string;
  notice: string | undefined;
}

/** A moment: for machines, and in the words of the language. */
export interface Moment {
  iso: string;
  text: string;
}

export interface AccountViews {
  /** Posts `given_name`, `family_name` to /account. */
  'account/overview': AccountPage & {
    givenName: string;
    familyName: string;
    roles: string[];
    groups: string[];
    since: Moment;
    errors?: { givenName?: string; familyName?: string };
  };
  /** Posts `current`, `password` to /account/password. */
  'account/password': AccountPage & {
    hasPassword: boolean;
    errors?: { current?: string; password?: string };
  };
  /** Posts `email`, `current` to /account/email. */
  'account/email': AccountPage & {
    hasPassword: boolean;
    email: string;
    errors?: { email?: string; current?: string };
  };
  /** Posts `connector` to /account/identities/link, `identity` to /unlink, and `current` where it is asked. */
  'account/identities': AccountPage & {
    hasPassword: boolean;
    asksPassword: boolean;
    identities: {
      id: string;
      connector: string;
      icon: string;
      name: string;
      lastUsed: Moment | undefined;
      isUsable: boolean;
    }[];
    connectors: { id: string; name: string; icon: string }[];
    alert?: string;
    /** Beside the password. */
    error?: string;
  };
  /** Posts nothing more to /account/identities/confirm. */
  'account/link-identity': AccountPage & { connector: string; identity: string };
  /** Posts `session` to /account/sessions, or nothing to /account/sessions/others. */
  'account/sessions': AccountPage & {
    sessions: {
      id: string;
      device: string;
      network: string;
      seen: Moment | undefined;
      isThis: boolean;
    }[];
  };
  /** Posts `client` to /account/applications. */
  'account/applications': AccountPage & {
    applications: { id: string; name: string; since: Moment; scopes: string[] }[];
  };
  'account/activity': AccountPage & {
    events: { text: string; network: string; at: Moment }[];
    older: string | undefined;
  };
  /** Posts `language` to /account/language. */
  'account/language': AccountPage;
  /** Posts `password` to /account/download. */
  'account/download': AccountPage & { asksPassword: boolean; error?: string };
  /** Posts `password` to /account/close. */
  'account/close': AccountPage & { asksPassword: boolean; days: number; error?: string };
  'account/closed': { email: string; until: Moment };
}
