// Everything that the API is told by its environment, checked once at start.

export type Environment = 'production' | 'sandbox';

export type ApiConfig = {
  port: number;
  /** Where this process answers, without a trailing slash. */
  url: string;
  /** The issuer whose access tokens are accepted, byte for byte as in its discovery document. */
  issuer: string;
  /** The `aud` that a token must carry, for each environment. */
  audiences: Record<Environment, string>;
};

/**
 * Reads the configuration from environment variables.
 * Ends the process with one sentence that names every variable which is missing or wrong.
 */
export function readConfig(env: NodeJS.ProcessEnv): ApiConfig {
  const problems: string[] = [];
  const read = (name: string): string => {
    const value = env[name];
    if (!value) problems.push(`${name} is not set`);
    return value ?? '';
  };
  const readUrl = (name: string): string => {
    const value = read(name);
    if (value && !URL.canParse(value)) problems.push(`${name} is not a URL`);
    return value;
  };

  const port = Number(read('API_PORT'));
  if (env['API_PORT'] && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    problems.push('API_PORT is not a port number');
  }
  const config = {
    port,
    url: `http://127.0.0.1:${port}`,
    issuer: readUrl('API_ISSUER'),
    audiences: {
      production: read('API_PRODUCTION_AUDIENCE'),
      sandbox: read('API_SANDBOX_AUDIENCE'),
    },
  };

  if (problems.length > 0) {
    process.stderr.write(`Orders API cannot start: ${problems.join('; ')}.\n`);
    process.exit(1);
  }
  return config;
}
