// The one error class of the host, in Koa's contract (status, expose) beside oidc-provider's own errors.

/**
 * An error whose message the client may read.
 * `status` is the HTTP status, `code` a stable OAuth-style word, `cause` is for the log only,
 * `headers` are sent with the answer. `key` and `values` say the message in the languages of the
 * pages; programs always get the English one.
 */
export class AppError extends Error {
  readonly status: number;
  readonly code: string;
  readonly expose = true;
  readonly headers: Record<string, string>;
  readonly key: string | undefined;
  readonly values: Record<string, string | number> | undefined;

  constructor(
    status: number,
    code: string,
    message: string,
    options: {
      cause?: unknown;
      headers?: Record<string, string>;
      key?: string;
      values?: Record<string, string | number>;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.status = status;
    this.code = code;
    this.headers = options.headers ?? {};
    this.key = options.key;
    this.values = options.values;
  }
}

/** Bad input: 400 with a sentence that says what to do. */
export function invalidRequest(message: string, cause?: unknown): AppError {
  return new AppError(400, 'invalid_request', message, { cause });
}

/** What there is not, or is none of theirs: nobody learns which. */
export function notFound(): AppError {
  return new AppError(404, 'not_found', 'Nothing lives at this address.', {
    key: 'error.not-found',
  });
}

/** The database or another dependency is away: 503, try again. RFC 9110 section 15.6.4. */
export function temporarilyUnavailable(cause?: unknown): AppError {
  return new AppError(
    503,
    'temporarily_unavailable',
    'The service is temporarily unavailable. Please try again in a few seconds.',
    { cause, headers: { 'Retry-After': '2' }, key: 'error.unavailable' },
  );
}

/** A mistake in the configuration or on the command line: one sentence, no stack. */
export class UsageError extends Error {
  readonly problems: readonly string[];

  constructor(problems: string | readonly string[], options?: ErrorOptions) {
    const list = typeof problems === 'string' ? [problems] : problems;
    super(list.join('\n'), options);
    this.name = 'UsageError';
    this.problems = list;
  }
}

/** Another request redeemed a one-time artefact first: the protocol's refusal, by the artefact's model. */
export function alreadyRedeemed(model: string, cause: unknown): AppError {
  if (model === 'PushedAuthorizationRequest')
    return new AppError(400, 'invalid_request_uri', 'The request_uri was already used.', { cause });
  if (model === 'Interaction' || model === 'Session' || model === 'Grant') {
    return new AppError(
      400,
      'invalid_request',
      'This sign-in was finished or ended in another window. Go back to the application and start again.',
      { cause, key: 'error.finished-elsewhere' },
    );
  }
  return new AppError(400, 'invalid_grant', 'it was already redeemed by a parallel request', {
    cause,
  });
}
