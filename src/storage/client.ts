// What a client is, as the rest of the house sees it.

export type ClientKind = 'web' | 'spa' | 'native' | 'machine' | 'mixed' | 'resource-server';
export type RedirectUriType = 'web' | 'spa' | 'native';
export type ClientAuthMethod = 'none' | 'client_secret_basic' | 'private_key_jwt';

export interface Client {
  id: string;
  kind: ClientKind;
  name: string;
  firstParty: boolean;
  authMethod: ClientAuthMethod;
  grantTypes: string[];
  redirectUris: { uri: string; type: RedirectUriType }[];
  postLogoutRedirectUris: string[];
  allowedCorsOrigins: string[];
  requirePkce: boolean;
  /** Public clients rotate whatever this says. */
  rotateRefreshTokens: boolean;
  defaultApiId: string | undefined;
  /** The ways to sign in that its people are offered; `connectors` undefined: every one. */
  signIn: { connectors: string[] | undefined; passwords: boolean };
  disabledAt: Date | undefined;
  createdAt: Date;
  /** Keyed hashes of the secrets that work. */
  secretHashes: ({ hash: Buffer } & LiveCredential)[];
  /** The public keys (RFC 7517) that work. */
  keys: ({ jwk: Record<string, unknown> } & LiveCredential)[];
  /** Where the application publishes keys itself. */
  jwksUri: string | undefined;
  /** API id to the scopes that the client was given: by hand and by active subscriptions. */
  entitlements: Map<string, Set<string>>;
  /** It gets only APIs of this environment; undefined: of both. */
  environment: Environment | undefined;
  /** The application that it belongs to; undefined: an operator's client. */
  application: ClientApplication | undefined;
  /** When one of the subscriptions ends: what is known here is not to be trusted from then on. */
  entitledUntil: Date | undefined;
}

export interface LiveCredential {
  id: string;
  /**
   * When it ends by the database's clock, as this process counts time (performance.now): the clock
   * on the machine's wall does not matter. Infinity: never.
   */
  endsAt: number;
}

/** A secret that works no more. */
export interface EndedSecret {
  hash: Buffer;
  hint: string;
  endedAt: Date;
  reason: 'expired' | 'suspended';
}

/** What a client has of its application. */
export interface ClientApplication {
  id: string;
  ownerId: string;
  verified: boolean;
  /** Why none of its clients gets a token. */
  stopped: StopReason | undefined;
  /** The client's latest secrets that no longer work: for telling why. */
  endedSecrets: EndedSecret[];
  /** Its subscriptions in the client's environment that have not ended, oldest first. */
  subscriptions: ClientSubscription[];
}

export type Environment = 'sandbox' | 'production';
export type StopReason =
  | 'application_suspended'
  | 'application_disabled'
  | 'application_deleted'
  | 'owner_blocked';

export interface ClientSubscription {
  id: string;
  state: 'submitted' | 'active' | 'suspended';
  product: {
    id: string;
    name: string;
    quotaClass: string | undefined;
    /** Tokens that the quota class allows; undefined: any number. */
    quota: { perMinute: number | undefined; perDay: number | undefined } | undefined;
  };
  expiresAt: Date | undefined;
  /** Of APIs of the client's environment. */
  scopes: { apiId: string; scope: string }[];
}
