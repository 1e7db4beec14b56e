// The pages under /applications: what a developer registered. Every form posts `csrf`.
import type { Moment } from './account.ts';
import type { AccountSummary } from './parts.ts';

export type ApplicationKind = 'web' | 'spa' | 'native' | 'machine';
/** Deleted ones can be brought back until they are erased. */
export type ApplicationState = 'active' | 'suspended' | 'disabled' | 'deleted';

/** The pages of one application: the first lives at /applications/<id>, each other one below it. */
export type ApplicationSection =
  | 'overview'
  | 'settings'
  | 'addresses'
  | 'credentials'
  | 'code'
  | 'subscriptions'
  | 'production'
  | 'usage'
  | 'refusals'
  | 'members'
  | 'activity'
  | 'close';

/** What every page of a signed-in developer is given. */
export interface DeveloperPage {
  account: AccountSummary;
  csrf: string;
  notice: string | undefined;
}

/** What every page of one application is given. `name` is written by its owners. */
export interface ApplicationPage extends DeveloperPage {
  section: ApplicationSection;
  application: {
    id: string;
    name: string;
    kind: ApplicationKind;
    state: ApplicationState;
    verified: boolean;
    logoUrl: string | undefined;
  };
}

/** What a form of addresses shows: one a line, and the sentences about those that cannot be used. */
export interface AddressFields {
  redirectUris: string;
  postLogoutUris: string;
  corsOrigins: string;
  /** By the name of the field. */
  errors: Record<string, string[]>;
}

export interface ApplicationClientSummary {
  environment: 'sandbox' | 'production';
  clientId: string;
  /** How it authenticates; none: a public client. */
  authMethod: string;
  redirectUris: string[];
  scopes: string[];
}

export interface ApplicationViews {
  /** The search is a GET of `search`. */
  'application/list': DeveloperPage & {
    applications: {
      id: string;
      name: string;
      kind: ApplicationKind;
      state: ApplicationState;
      logoUrl: string | undefined;
      environments: ('sandbox' | 'production')[];
      isOwner: boolean;
    }[];
    /** Undefined: there are so few that nobody needs to search. */
    search: string | undefined;
    next: string | undefined;
    most: number;
  };
  /**
   * Posts `idempotency_key`, `kind`, `name`, `description`, `homepage`, `redirect_uris`,
   * `post_logout_uris`, `cors_origins` and a `product_<id>` for each choice to /applications/new.
   */
  'application/new': DeveloperPage & {
    idempotencyKey: string;
    kind: ApplicationKind;
    name: string;
    description: string;
    homepage: string;
    addresses: AddressFields;
    products: {
      id: string;
      name: string;
      description: string;
      scopes: string[];
      terms: string | undefined;
      checked: boolean;
    }[];
    moreProducts: boolean;
    errors: { kind?: string; name?: string; description?: string; homepage?: string };
    alert: { text: string; link?: { href: string; text: string } } | undefined;
  };
  /** Answers the form that created the application; shows the secret for the only time. */
  'application/created': DeveloperPage & {
    application: { id: string; name: string; kind: ApplicationKind };
    clientId: string;
    secret: string | undefined;
    /** Variables for a program, with the secret. */
    file: string | undefined;
    /** Fetches a token, and calls an API with it. */
    commands: string | undefined;
    products: string[];
  };
  'application/overview': ApplicationPage & {
    description: string;
    homepage: string | undefined;
    suspendedReason: string | undefined;
    clients: ApplicationClientSummary[];
    subscriptions: { product: string; environment: 'sandbox' | 'production'; state: string }[];
    owner: string;
    members: number;
    created: Moment;
  };
  /** Posts `name`, `description`, `homepage` here; `logo` as multipart, or nothing, to ./logo. */
  'application/settings': ApplicationPage & {
    name: string;
    description: string;
    homepage: string;
    errors: { name?: string; description?: string; homepage?: string; logo?: string };
  };
  /** Posts `environment`, `redirect_uris`, `post_logout_uris`, `cors_origins`. */
  'application/addresses': ApplicationPage & {
    clients: (AddressFields & { environment: 'sandbox' | 'production'; clientId: string })[];
  };
  /**
   * Posts `email` to ./members/invite, `invitation` to ./members/revoke, `account` to
   * ./members/remove, nothing to ./members/leave; ./members/transfer?account= is a page.
   */
  'application/members': ApplicationPage & {
    members: {
      id: string;
      name: string;
      email: string;
      joined: Moment;
      isOwner: boolean;
      isYou: boolean;
    }[];
    invitations: { id: string; email: string; until: Moment }[];
    isOwner: boolean;
    most: number;
    email: string;
    error: string | undefined;
  };
  /** Posts `account` and `password`. */
  'application/transfer': ApplicationPage & {
    member: { id: string; name: string; email: string };
    asksPassword: boolean;
    error: string | undefined;
  };
  'application/activity': ApplicationPage & {
    events: { text: string; who: string; network: string; at: Moment }[];
    older: string | undefined;
  };
  /** Posts nothing to ./disable, ./enable and ./restore, `name` and `password` to ./delete. */
  'application/close': ApplicationPage & {
    isOwner: boolean;
    days: number;
    /** It is deleted, and erased then. */
    until: Moment | undefined;
    asksPassword: boolean;
    errors: { name?: string; password?: string };
  };
  /** Posts `token`. `open` leaves nothing to be asked but yes. */
  'application/invitation': DeveloperPage & {
    state: 'open' | 'other-address' | 'void';
    token: string;
    application: string;
    inviter: string;
  };
}
