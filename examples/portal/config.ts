// Everything that the portal is told by its environment, checked once at start.

export type ClientCredentials = { clientId: string; clientSecret: string };

export type PortalConfig = {
  port: number;
  /** The origin that browsers see; redirect URIs and redirects are built from it alone. */
  origin: string;
  /** The authorization server, byte for byte as in its discovery document. */
  issuer: string;
  /** The confidential client that signs people in to the portal. */
  signIn: ClientCredentials;
  /** The one client behind all flows of the test console; its redirect URIs are typed web and spa. */
  console: ClientCredentials;
  /** Where the Orders API answers, without a trailing slash. */
  apiUrl: string;
  /** The `aud` that the sandbox of the Orders API expects. */
  sandboxResource: string;
};

/**
 * Reads the configuration from environment variables.
 * Ends the process with one sentence that names every variable which is missing or wrong.
 */
export function readConfig(env: NodeJS.ProcessEnv): PortalConfig {
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

  const port = Number(read('PORTAL_PORT'));
  if (env['PORTAL_PORT'] && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    problems.push('PORTAL_PORT is not a port number');
  }
  const config = {
    port,
    origin: readUrl('PORTAL_ORIGIN'),
    issuer: readUrl('PORTAL_ISSUER'),
    signIn: { clientId: read('PORTAL_CLIENT_ID'), clientSecret: read('PORTAL_CLIENT_SECRET') },
    console: {
      clientId: read('PORTAL_CONSOLE_CLIENT_ID'),
      clientSecret: read('PORTAL_CONSOLE_CLIENT_SECRET'),
    },
    apiUrl: readUrl('PORTAL_API_URL').replace(/\/$/, ''),
    sandboxResource: read('PORTAL_SANDBOX_RESOURCE'),
  };

  if (problems.length > 0) {
    process.stderr.write(`Developer portal cannot start: ${problems.join('; ')}.\n`);
    process.exit(1);
  }
  return { ...config, origin: new URL(config.origin).origin };
}
