// A person in a browser: signs in once, and is then sent straight back to the client.
import { type Browser, formOf, locationOf, openBrowser } from './browser.ts';
import { authorizePath, type Wish } from './requests.ts';
import type { BenchClient } from './scenario.ts';
import { type Answer, type Connection, someNetwork, type Target } from './target.ts';

/** Somebody at a process of the target, without a session yet. */
export function newBrowser(target: Target, connection: Connection): Browser {
  return openBrowser({ connection, issuer: target.issuer, address: someNetwork() });
}

/** Authorizes; the sign-in page is filled in when it comes. Returns the code. */
export async function authorize(
  browser: Browser,
  { target, client, wish }: { target: Target; client: BenchClient; wish: Wish },
): Promise<string> {
  let answer = await browser.follow(authorizePath(client, wish));
  if (answer.status === 200) {
    const { action, fields } = formOf(answer);
    answer = await browser.follow(action, { form: { ...fields, ...target.person } });
  }
  return codeOf(answer);
}

function codeOf(answer: Answer): string {
  const code = URL.parse(locationOf(answer))?.searchParams.get('code');
  if (!code) throw new Error(`no code: ${answer.status} ${locationOf(answer)} ${answer.text}`);
  return code;
}

/** Browsers with a session, one for each worker: workers of one session would wait for each other. */
export function createSignedInBrowsers() {
  const browsers = new Map<string, Promise<Browser>>();
  return (target: Target, worker: number): Promise<Browser> => {
    const key = `${target.name} ${worker}`;
    const known = browsers.get(key) ?? signIn(target);
    browsers.set(key, known);
    return known;
  };
}

async function signIn(target: Target): Promise<Browser> {
  const [connection] = target.processes;
  if (!connection) throw new Error(`${target.name} has no process`);
  const browser = newBrowser(target, connection);
  await authorize(browser, { target, client: target.clients.web, wish: 'identity' });
  return browser;
}
