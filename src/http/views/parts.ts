// What several pages are given.

/** The person who is signed in. */
export interface AccountSummary {
  name: string;
  email: string;
}

/** A way to sign in elsewhere. `icon` names its mark, if we have one. */
export interface ConnectorLink {
  name: string;
  href: string;
  icon: string;
}

/** What the forms of an interaction need: every one posts `csrf`; `cancelAction` receives only that. */
export interface InteractionForms {
  action: string;
  cancelAction: string;
  csrf: string;
}
