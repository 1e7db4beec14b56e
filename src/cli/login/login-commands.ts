// login, logout, whoami: a developer signs in at a server, from a machine that has nothing of it.
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { OWN_SCOPES, type OwnScope, REGISTRATION_SCOPE } from '../../catalog/own-api.ts';
import { callApi } from '../apps/call-api.ts';
import { note, printFields, printJson } from '../print.ts';
import { signedOut } from './access-token.ts';
import { changeCredentials, readCredentials } from './credentials-file.ts';
import { chooseIssuer } from './issuer.ts';
import { listenOnLoopback } from './loopback.ts';
import { openBrowser } from './open-browser.ts';
import { beginSignIn, discover, revoke } from './server.ts';

/** Registering clients by protocol is for programs: who needs it asks for it. */
const USUAL: OwnScope[] = OWN_SCOPES.filter((scope) => scope !== REGISTRATION_SCOPE);

const common = z.object({ issuer: z.string().optional(), json: z.boolean().default(false) });
const loginOptions = common.extend({ browser: z.boolean(), scope: z.array(z.enum(OWN_SCOPES)) });

const me = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  client_id: z.string(),
  scopes: z.array(z.string()),
});

/** Adds the commands to the program. */
export function addLoginCommands(program: Command): void {
  addIssuer(program.command('login').description('sign in at a server as a developer'))
    .option('--no-browser', 'only print the address to open')
    .addOption(
      new Option('--scope <scope...>', 'what the commands may do')
        .choices(OWN_SCOPES)
        .default(USUAL, 'all but client:register'),
    )
    .addHelpText(
      'after',
      `
Opens the browser, where you sign in and allow it. What it gets is kept in
$XDG_CONFIG_HOME/gatehouse/credentials.json (~/.config by default), readable by you only.

Example:
  $ npx gatehouse login --issuer https://auth.example.com
`,
    )
    .action((options: unknown) => runLogin(loginOptions.parse(options)));

  addIssuer(program.command('logout').description('end what login began')).action(
    (options: unknown) => runLogout(common.parse(options)),
  );

  addIssuer(program.command('whoami').description('show who is signed in')).action(
    (options: unknown) => runWhoami(common.parse(options)),
  );
}

/** Adds --issuer and --json. */
export function addIssuer(command: Command): Command {
  return command
    .option(
      '--issuer <url>',
      'the server (default: GATEHOUSE_ISSUER_URL, or the demo of this directory)',
    )
    .option('--json', 'print JSON');
}

async function runLogin({ issuer: given, browser, scope, json }: z.infer<typeof loginOptions>) {
  const issuer = chooseIssuer(given);
  const server = await discover(issuer);
  const loopback = await listenOnLoopback();
  try {
    const request = await beginSignIn(server, { redirectUri: loopback.redirectUri, scopes: scope });
    const callback = loopback.callback(request.state);
    note(`Sign in at\n\n  ${request.url}\n`);
    if (browser) openBrowser(request.url.href);
    const credentials = await request.finish(await callback);
    await changeCredentials(issuer, async () => credentials);
  } finally {
    loopback.close();
  }
  if (json) return printJson({ issuer, scopes: scope });
  process.stdout.write(
    `You are signed in at ${issuer}. \`gatehouse apps create --help\` shows what is next.\n`,
  );
}

async function runLogout({ issuer: given, json }: z.infer<typeof common>): Promise<void> {
  const issuer = chooseIssuer(given);
  const known = readCredentials()[issuer];
  if (!known) throw signedOut(issuer);
  const server = await discover(issuer);
  await changeCredentials(issuer, async (before) => {
    if (before) await revoke(server, before);
    return undefined;
  });
  if (json) return printJson({ issuer });
  process.stdout.write(`You are signed out at ${issuer}.\n`);
}

async function runWhoami({ issuer: given, json }: z.infer<typeof common>): Promise<void> {
  const issuer = chooseIssuer(given);
  const found = me.parse(await callApi({ issuer }, 'GET', '/me'));
  if (json) return printJson({ issuer, ...found });
  printFields([
    ['issuer', issuer],
    ['id', found.id],
    ['name', found.name],
    ['e-mail', found.email],
    ['may', found.scopes],
  ]);
}
