// The log: JSON lines by pino, one correlation id a request, secrets redacted by path.
import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

const REDACTED = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'code',
  'code_verifier',
  'client_secret',
  'client_assertion',
  'access_token',
  'refresh_token',
  'id_token',
  'id_token_hint',
  'set-cookie',
];

/** Creates the process's logger. `destination` is standard output unless given. */
export function createLogger(
  options: { level: string; name: string },
  destination?: DestinationStream,
): Logger {
  return pino(
    {
      name: options.name,
      level: options.level,
      redact: {
        paths: REDACTED.flatMap((key) => {
          const path = /^[a-z_]+$/.test(key) ? key : `["${key}"]`;
          const nested = path.startsWith('[') ? `*${path}` : `*.${path}`;
          return [path, nested];
        }),
        censor: '[redacted]',
      },
      serializers: { error: serializeError },
    },
    destination ?? pino.destination({ sync: false, minLength: 4096, periodicFlush: 100 }),
  );
}

/** The same log for lines whose members we name ourselves: looking for secrets costs more than the line. */
export function withoutRedaction(logger: Logger): Logger {
  return logger.child({}, { redact: [] });
}

/** What the log keeps of an error: no bindings of SQL statements, which may hold secrets. */
function serializeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const detail = 'error_detail' in error ? error.error_detail : undefined;
  const code = 'code' in error ? error.code : undefined;
  return {
    name: error.name,
    message: withoutStatement(error.message),
    ...(code === undefined ? {} : { errorCode: code }),
    ...(detail === undefined ? {} : { detail }),
    stack: error.stack?.split('\n').slice(1).join('\n'),
    ...(error.cause === undefined ? {} : { cause: serializeError(error.cause) }),
  };
}

// knex puts "insert into ... values ($1) - " before PostgreSQL's own message.
function withoutStatement(message: string): string {
  const at = message.lastIndexOf(' - ');
  return at > 0 && /^(insert|update|select|delete|with|begin|commit)\b/i.test(message)
    ? message.slice(at + 3)
    : message;
}
