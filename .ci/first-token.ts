// A real access token by curl, as a newcomer fetches the first one: with the demo's machine client.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the demo writes for its visitors, as far as we use it. */
interface DemoFile {
  issuer: string;
  portal_url: string;
  api_url: string;
  clients: { kind: string; client_id: string; client_secret: string; scopes: string[] }[];
}

/** Runs curl silently: what it complains about while the server starts is of no interest. */
const run = (...options: string[]) =>
  execFileSync('curl', ['--max-time', '10', ...options], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });

// The casts below name what is asserted right after: a wrong shape ends in an exception, which is
// what a smoke test is for.
function curl(...options: string[]): unknown {
  return JSON.parse(run('-fsS', ...options));
}

/** Throws unless the demo answers client credentials with a token of its own, and its portal and API listen. */
export function fetchFirstToken(dataDir: string): void {
  const { issuer, portal_url, api_url, clients } = JSON.parse(
    readFileSync(join(dataDir, 'demo.json'), 'utf8'),
  ) as DemoFile;
  const machine = clients.find(({ kind }) => kind === 'machine');
  if (machine === undefined) throw new Error('demo.json has no client of kind machine.');

  const discovery = curl(`${issuer}/.well-known/openid-configuration`) as {
    issuer: string;
    token_endpoint: string;
  };
  const answer = curl(
    ...['--user', `${machine.client_id}:${machine.client_secret}`],
    ...['--data', 'grant_type=client_credentials'],
    ...['--data-urlencode', `scope=${machine.scopes.join(' ')}`],
    discovery.token_endpoint,
  ) as { access_token: string; token_type: string };

  const [, payload = ''] = answer.access_token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
    iss: string;
    sub: string;
  };
  const expected = [issuer, issuer, machine.client_id, 'Bearer'].join(' ');
  const got = [discovery.issuer, claims.iss, claims.sub, answer.token_type].join(' ');
  if (got !== expected) throw new Error(`The token says ${got}, expected ${expected}.`);

  // The example programs start a moment later; what they answer is their own tests' business.
  for (const url of [portal_url, api_url]) run('-sS', '--output', '/dev/null', url);
}
