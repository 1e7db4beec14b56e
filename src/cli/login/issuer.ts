// Which server a developer's command talks to.
import { readDeveloperConfig } from '../../config.ts';
import { readDemoFile } from '../../demo/demo-file.ts';
import { UsageError } from '../../errors.ts';
import { readCredentials } from './credentials-file.ts';

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * The issuer: as given, else of GATEHOUSE_ISSUER_URL, else of the demo of this directory, else the
 * only one where somebody is signed in. Throws a UsageError when there is none, or an unsafe one.
 */
export function chooseIssuer(given: string | undefined): string {
  const { issuer, demoDataDir } = readDeveloperConfig();
  const found = given ?? issuer ?? readDemoFile(demoDataDir)?.issuer ?? onlySignedIn();
  if (found === undefined)
    throw new UsageError(
      'Which server? Give its address with --issuer https://auth.example.com, or set GATEHOUSE_ISSUER_URL.',
    );
  return checkIssuer(found);
}

function onlySignedIn(): string | undefined {
  const issuers = Object.keys(readCredentials());
  return issuers.length === 1 ? issuers[0] : undefined;
}

function checkIssuer(text: string): string {
  const url = URL.parse(text);
  const safe = url?.protocol === 'https:' || isLoopback(url);
  if (url && safe && (url.origin === text || `${url.origin}/` === text)) return url.origin;
  throw new UsageError(
    `${text} is not the address of a server: write an origin such as https://auth.example.com (http on loopback only).`,
  );
}

function isLoopback(url: URL | null): boolean {
  return url?.protocol === 'http:' && LOOPBACK.includes(url.hostname);
}
