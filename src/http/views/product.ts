// The pages of products and subscriptions, for those who have them and those who decide on them.
import type { Moment } from './account.ts';
import type { AddressFields, ApplicationPage, DeveloperPage } from './application.ts';

type Environment = 'sandbox' | 'production';
export type ShownState =
  | 'submitted'
  | 'active'
  | 'suspended'
  | 'cancelled'
  | 'expired'
  | 'rejected';
export type ShownApproval = 'automatic' | 'person' | 'webhook' | 'delegation';

/** An open subscription of one of the person's applications. */
export interface OwnSubscription {
  applicationId: string;
  applicationName: string;
  environment: Environment;
  state: ShownState;
}

/** An API of a product, with its scopes in words. */
export interface ProductApi {
  name: string;
  environment: Environment;
  audience: string;
  suspended: boolean;
  scopes: { name: string; description: string }[];
}

/** An API as it is in each environment. */
export interface DifferenceRow {
  name: string;
  sandbox: { audience: string; scopes: string[] } | undefined;
  production: { audience: string; scopes: string[] } | undefined;
}

export interface ShownQuota {
  name: string;
  perMinute: number | undefined;
  perDay: number | undefined;
}

/** One line of the history of a subscription. */
export interface HistoryLine {
  state: ShownState;
  /** Who did it, in words. */
  by: string;
  reason: string;
  at: Moment;
}

export interface ProductViews {
  /** The search is a GET of `search`. */
  'product/list': DeveloperPage & {
    products: {
      id: string;
      name: string;
      description: string;
      approval: ShownApproval;
      own: OwnSubscription[];
    }[];
    search: string;
    next: string | undefined;
    /** They decide on subscriptions of others. */
    decides: boolean;
  };
  /** Posts `application` here. */
  'product/product': DeveloperPage & {
    product: { id: string; name: string; description: string; approval: ShownApproval };
    apis: ProductApi[];
    quota: ShownQuota | undefined;
    lifetimeDays: number | undefined;
    terms: string | undefined;
    own: OwnSubscription[];
    /** Those that have no sandbox subscription yet. */
    applications: { id: string; name: string }[];
  };
  /** Posts `subscription` and `reason` to ./cancel. */
  'product/subscriptions': ApplicationPage & {
    subscriptions: {
      id: string;
      product: string;
      environment: Environment;
      state: ShownState;
      note: string;
      since: Moment;
      ends: Moment | undefined;
      history: HistoryLine[];
    }[];
    more: boolean;
  };
  /**
   * Posts `note`, a `product_<id>` for each choice, `terms` where there are some, and where there is no
   * production client yet `redirect_uris`, `post_logout_uris`, `cors_origins`.
   */
  'product/production': ApplicationPage & {
    /** Undefined: it is created with the first approval. */
    clientId: string | undefined;
    /** What was asked for already. */
    open: { product: string; state: ShownState }[];
    products: {
      id: string;
      name: string;
      approval: ShownApproval;
      lifetimeDays: number | undefined;
      terms: string | undefined;
      checked: boolean;
    }[];
    difference: DifferenceRow[];
    sandboxUris: string[];
    /** Undefined: nothing to ask for. */
    addresses: AddressFields | undefined;
    note: string;
    termsAccepted: boolean;
    /** By the name of the field. */
    errors: { products?: string; terms?: string; note?: string };
  };
  'approval/list': DeveloperPage & {
    state: 'submitted' | 'active' | 'suspended';
    requests: {
      id: string;
      application: string;
      verified: boolean;
      product: string;
      since: Moment;
      note: string;
    }[];
    next: string | undefined;
  };
  /** Posts `decision` and `reason` here. */
  'approval/request': DeveloperPage & {
    request: {
      id: string;
      state: ShownState;
      environment: Environment;
      note: string;
      since: Moment;
      ends: Moment | undefined;
    };
    application: {
      name: string;
      kind: 'web' | 'spa' | 'native' | 'machine';
      verified: boolean;
      description: string;
      homepage: string | undefined;
      redirectUris: string[];
      inProduction: boolean;
    };
    members: string[];
    product: { id: string; name: string; approval: ShownApproval };
    apis: ProductApi[];
    difference: DifferenceRow[];
    history: HistoryLine[];
    /** What may be done now. */
    actions: ('approve' | 'reject' | 'suspend' | 'resume')[];
    /** Why nothing may be done. */
    obstacle: string | undefined;
    error: string | undefined;
    reason: string;
  };
}
