// What `npm start` prints when the demo is ready.
import type { DemoFile } from './demo-file.ts';

/** The banner: links, accounts, and the warning that this is a demo. */
export function demoBanner(demo: DemoFile, demoFile: string): string {
  const accounts = demo.accounts.map(
    ({ email, password, roles }) => `    ${email.padEnd(20)} ${password}   ${roles.join(', ')}`,
  );
  const standIns = demo.stand_ins.map(({ name, url }) => `    ${name.padEnd(16)} ${url}`);
  return `
  Gatehouse is ready.  This is a DEMO: loopback only, passwords are public.

    Developer portal   ${demo.portal_url}     start here: sign in, open the test console
    Server             ${demo.issuer}     ${demo.issuer}/.well-known/openid-configuration
    Example API        ${demo.api_url}

  Sign in as
${accounts.join('\n')}

  The buttons on the sign-in page lead to stand-ins on this machine, not to the real
${standIns.join('\n')}

  Clients and secrets for scripts: ${demoFile}
  Stop with Ctrl-C; everything is kept for the next start.
`;
}

/** The banner of a further node of a running demo. */
export function nodeBanner(demo: DemoFile, address: string): string {
  return `\n  One more node of ${demo.issuer} is ready at ${address} (demo).\n`;
}
