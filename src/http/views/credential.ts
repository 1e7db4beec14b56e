// The pages under /applications/<id>/credentials. Every form posts `csrf`.
import type { Moment } from './account.ts';
import type { ApplicationPage } from './application.ts';

type Environment = 'sandbox' | 'production';

/** One secret or key as its owners see it. `name` is written by one of them. */
export interface CredentialSummary {
  id: string;
  kind: 'secret' | 'key';
  name: string;
  hint: string;
  state: 'live' | 'retiring' | 'suspended' | 'ended';
  created: Moment;
  /** Empty: an operator, or the application itself. */
  createdBy: string;
  expires: Moment | undefined;
  lastUsed: { at: Moment; network: string } | undefined;
  /** Nobody needs it, as it seems. */
  idle: boolean;
}

export interface CredentialClient {
  environment: Environment;
  clientId: string;
  jwksUri: string | undefined;
  credentials: CredentialSummary[];
}

export interface CredentialViews {
  /**
   * Posts `idempotency_key`, `environment`, `name`, `expires` (days) to ./secrets; `environment`,
   * `name`, `expires`, `jwks` to ./keys; `environment`, `jwks_uri` to ./published; `credential` and
   * `after` (seconds) to ./retire, `credential` to ./restore, `credential` and `name` to ./rename.
   */
  'application/credentials': ApplicationPage & {
    idempotencyKey: string;
    /** A public client has none. */
    isPublic: boolean;
    clients: CredentialClient[];
    most: number;
    alert: string | undefined;
    /** What was typed into the form that was refused. */
    typed: { environment: string; name: string; jwks: string; jwksUri: string } | undefined;
  };
  /** Answers the form that added a secret; shows it for the only time. */
  'application/credential-added': ApplicationPage & {
    environment: Environment;
    clientId: string;
    name: string;
    secret: string;
    /** The same as a file of variables. */
    file: string;
  };
  /** Asks before the last credential that works is retired: posts `confirmed` with the rest. */
  'application/credential-last': ApplicationPage & {
    credential: { id: string; name: string; hint: string };
    after: number;
  };
}
