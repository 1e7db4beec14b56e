// connectors add, kinds, list, show, set, enable, disable, remove, apply, test, domains.
import type { Command } from 'commander';
import { z } from 'zod';
import { addDomainCommands } from './domain-commands.ts';

const jsonOption = z.object({ json: z.boolean().default(false) });
const isJson = (options: unknown) => jsonOption.parse(options).json;

// Loaded only when one of them runs: they bring the client of the protocol.
const changes = () => import('./change-connectors.ts');

const ADD_HELP = `
Settings are given by --set key=value, by --file, or both; \`connectors kinds\` lists them. A secret is
never a setting itself: env:GATEHOUSE_CONNECTOR_... or file:/an/absolute/path says where it is kept.

Examples:
  $ npx gatehouse connectors add google --kind google --name Google \\
      --client-id 1234.apps.googleusercontent.com --client-secret env:GATEHOUSE_CONNECTOR_GOOGLE
  $ npx gatehouse connectors add acme --kind oidc --name "Acme" --client-id gatehouse \\
      --client-secret file:/run/secrets/acme --set issuer=https://id.acme.example allowed_domains=acme.example
`;

/** Adds the commands to the program. */
export function addConnectorCommands(program: Command): void {
  const connectors = program
    .command('connectors')
    .description('upstream identity providers that people may sign in with');

  connectors
    .command('add')
    .description('add a connector and show the redirect URI to register')
    .argument('<id>', 'part of its redirect URI: lower-case letters, digits, hyphens')
    .requiredOption('--kind <kind>', 'one of `connectors kinds`')
    .requiredOption('--name <name>', 'what its button says')
    .option('--client-id <id>', 'as the upstream gave it')
    .option(
      '--client-secret <reference>',
      'where it is kept: env:GATEHOUSE_CONNECTOR_... or file:/...',
    )
    .option('--set <key=value...>', 'any other setting')
    .option('--file <file>', 'settings as a JSON object; - reads standard input')
    .option('--json', 'print JSON')
    .addHelpText('after', ADD_HELP)
    .action(async (id: string, options: unknown) => {
      const { addOptions, runAdd } = await changes();
      await runAdd(id, addOptions.parse(options));
    });

  connectors
    .command('kinds')
    .description('list the kinds of connectors with their settings')
    .argument('[kind]', 'only this one')
    .option('--json', 'print JSON')
    .action(async (kind: string | undefined, options: unknown) => {
      const { printKinds } = await import('./describe-kinds.ts');
      printKinds(kind, isJson(options));
    });

  connectors
    .command('list')
    .description('list connectors in the order of their buttons')
    .option('--json', 'print JSON')
    .action(async (options: unknown) => {
      const { runList } = await import('./show-connectors.ts');
      await runList(isJson(options));
    });

  connectors
    .command('show')
    .description('show a connector with its settings and domains')
    .argument('<id>')
    .option('--json', 'print JSON')
    .action(async (id: string, options: unknown) => {
      const { runShow } = await import('./show-connectors.ts');
      await runShow(id, isJson(options));
    });

  connectors
    .command('set')
    .description('change settings; `key=` takes one away')
    .argument('<id>')
    .argument('[key=value...]')
    .option('--name <name>', 'what its button says')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ npx gatehouse connectors set acme linking=never attributes.email=always groups.3f2c=partners\n',
    )
    .action(async (id: string, assignments: string[], options: unknown) => {
      const { runSet, setOptions } = await changes();
      await runSet(id, assignments, setOptions.parse(options));
    });

  for (const verb of ['enable', 'disable'] as const) {
    connectors
      .command(verb)
      .description(verb === 'enable' ? 'let people sign in with it' : 'turn it off at once')
      .argument('<id>')
      .option('--json', 'print JSON')
      .action(async (id: string, options: unknown) => {
        const { runEnable } = await changes();
        await runEnable(id, verb === 'enable', isJson(options));
      });
  }

  connectors
    .command('remove')
    .description('remove a connector that nobody signs in with')
    .argument('<id>')
    .option('--json', 'print JSON')
    .action(async (id: string, options: unknown) => {
      const { runRemove } = await changes();
      await runRemove(id, isJson(options));
    });

  addApplyAndTest(connectors);
  addDomainCommands(connectors);
}

function addApplyAndTest(connectors: Command): void {
  connectors
    .command('apply')
    .description('make connectors as a file says; those that it does not name stay as they are')
    .requiredOption(
      '-f, --file <file>',
      '{"connectors":[{"id","kind","name","settings"}]}; - reads standard input',
    )
    .option('--dry-run', 'only show what is different')
    .option('--json', 'print JSON')
    .action(async (options: unknown) => {
      const { applyOptions, runApply } = await import('./apply-connectors.ts');
      await runApply(applyOptions.parse(options));
    });

  connectors
    .command('test')
    .description('check secret, discovery, issuer, keys, endpoints and client authentication')
    .argument('<id>')
    .option('--json', 'print JSON')
    .action(async (id: string, options: unknown) => {
      const { runTest } = await import('./test-connector.ts');
      await runTest(id, isJson(options));
    });
}
