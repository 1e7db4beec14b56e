// How this API says no to a token. RFC 6750 §3.

export type BearerRefusalOptions = {
  status: 400 | 401 | 403;
  /** Absent when the request carried no token at all: then there is no error to report. */
  error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope';
  /** Plain words for the person who reads the answer; never contains the token. */
  message: string;
  /** The scope that the request would have needed. */
  scope?: string;
};

/** A request whose token is missing, wrong or not enough. */
export class BearerRefusal extends Error {
  readonly status: 400 | 401 | 403;
  readonly error: BearerRefusalOptions['error'];
  readonly scope: string | undefined;

  constructor({ status, error, message, scope }: BearerRefusalOptions) {
    super(message);
    this.status = status;
    this.error = error;
    this.scope = scope;
  }
}

/** The `WWW-Authenticate` value for a refusal. RFC 6750 §3: quoted ASCII without `"` and `\`. */
export function formatChallenge({ error, message, scope }: BearerRefusal): string {
  const parameters: [string, string][] = [];
  if (error === undefined) parameters.push(['realm', 'Contoso Orders']);
  else parameters.push(['error', error], ['error_description', message]);
  if (scope !== undefined) parameters.push(['scope', scope]);
  return `Bearer ${parameters.map(([name, value]) => `${name}="${toQuotable(value)}"`).join(', ')}`;
}

function toQuotable(value: string): string {
  return value.replaceAll(/["\\]/g, "'").replaceAll(/[^\x20-\x7e]/g, '?');
}
