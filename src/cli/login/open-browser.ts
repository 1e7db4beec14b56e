// Opens an address in the browser of this machine, where there is one.
import { spawn } from 'node:child_process';

const COMMANDS: Partial<Record<NodeJS.Platform, [string, ...string[]]>> = {
  darwin: ['open'],
  // Not `start`, which a shell would have to read: the address is an argument and nothing else.
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** Tries; that it could not is no failure, for the address is printed as well. */
export function openBrowser(url: string): void {
  const [command, ...args] = COMMANDS[process.platform] ?? ['xdg-open'];
  const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}
