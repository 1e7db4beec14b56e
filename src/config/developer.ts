// What the commands of a developer find on the developer's machine: no server, no database, no secrets.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export interface DeveloperConfig {
  /** The server to talk to, if the environment names one. */
  issuer: string | undefined;
  /** Where a demo of this directory would be. */
  demoDataDir: string;
  /** Where a signed-in developer's tokens are kept. */
  credentialsPath: string;
}

/** Reads it; XDG_CONFIG_HOME as the XDG Base Directory Specification has it. */
export function readDeveloper(environment: Record<string, string | undefined>): DeveloperConfig {
  const configured = environment['XDG_CONFIG_HOME'];
  const home = configured?.startsWith('/') ? configured : join(homedir(), '.config');
  return {
    issuer: environment['GATEHOUSE_ISSUER_URL'] || undefined,
    demoDataDir: resolve(environment['GATEHOUSE_DATA_DIR'] || '.gatehouse'),
    credentialsPath: join(home, 'gatehouse', 'credentials.json'),
  };
}
