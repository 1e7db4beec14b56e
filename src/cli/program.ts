// The program with all its commands. What a command does lies in a file of its own.
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { z } from 'zod';
import { addAccountCommands } from './accounts/account-commands.ts';
import { addApiCommands } from './apis/api-commands.ts';
import { addApplicationCommands } from './applications/application-commands.ts';
import { addAppsCommands } from './apps/apps-commands.ts';
import { addClientCommands } from './clients/client-commands.ts';
import { addCredentialCommands } from './clients/credential-commands.ts';
import { addConnectorCommands } from './connectors/connector-commands.ts';
import { addGroupCommands } from './group-commands.ts';
import { addInvitationCommands } from './invitation-commands.ts';
import { addKeyCommands } from './key-commands.ts';
import { addLoginCommands } from './login/login-commands.ts';
import { addProductCommands } from './products/product-commands.ts';
import { addQuotaClassCommands } from './products/quota-class-commands.ts';
import { addRefusalCommands } from './refusal-commands.ts';
import { addRegistrationCommands } from './registration/registration-commands.ts';
import { addServerCommands } from './server-commands.ts';
import { addSubscriptionCommands } from './subscriptions/subscription-commands.ts';
import { addTermsCommands } from './terms-commands.ts';
import { addWebhookCommands } from './webhooks/webhook-commands.ts';

const AFTER_HELP = `
Which server: the environment decides, as for the server itself. GATEHOUSE_ISSUER, DATABASE_URL and
the secrets name a production server; with neither set, it is the demo of GATEHOUSE_DATA_DIR
(.gatehouse by default).

Exit codes: 0 done, 1 it failed, 2 it was called wrongly.

Example:
  $ npx gatehouse clients create --kind machine --name "Nightly sync" --api https://api.example.com/orders
`;

/** Builds the program. Its parser throws a CommanderError after it wrote what is wrong. */
export function createProgram(): Command {
  const program = new Command('gatehouse')
    .description('Gatehouse, the authorization server of a developer portal.')
    .version(readVersion())
    .exitOverride()
    .showHelpAfterError('(--help shows the options and an example)')
    .addHelpText('after', AFTER_HELP);
  program.commandsGroup('Server:');
  addServerCommands(program);
  addKeyCommands(program);
  program.commandsGroup('Registrations:');
  addApiCommands(program);
  addQuotaClassCommands(program);
  addProductCommands(program);
  addSubscriptionCommands(program);
  addClientCommands(program);
  addApplicationCommands(program);
  addCredentialCommands(program);
  addConnectorCommands(program);
  addAccountCommands(program);
  addTermsCommands(program);
  addGroupCommands(program);
  addInvitationCommands(program);
  addRegistrationCommands(program);
  addWebhookCommands(program);
  addRefusalCommands(program);
  program.commandsGroup('For developers, who need nothing but the address of a server:');
  addLoginCommands(program);
  addAppsCommands(program);
  return program;
}

function readVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(manifest)).version;
}
