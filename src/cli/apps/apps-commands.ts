// apps: what a developer does with applications, on any machine that is signed in.
import type { Command } from 'commander';
import { Option } from 'commander';
import { z } from 'zod';
import { chooseIssuer } from '../login/issuer.ts';
import { addIssuer } from '../login/login-commands.ts';
import { printFields, printJson, printTable } from '../print.ts';
import { callApi } from './call-api.ts';
import { createOptions, runCreate } from './create.ts';
import { findApplication, findProduct, listApplications, listProducts } from './find.ts';
import { rotateOptions, runRotateSecret } from './rotate-secret.ts';
import { type Client, subscription } from './shapes.ts';

const common = z.object({ issuer: z.string().optional(), json: z.boolean().default(false) });
const subscribeOptions = common.extend({
  product: z.string(),
  production: z.boolean().default(false),
  note: z.string().default(''),
  acceptTerms: z.boolean().default(false),
  redirectUri: z.array(z.string()).optional(),
});
const productsOptions = common.extend({ search: z.string().optional() });

/** Adds the commands to the program. */
export function addAppsCommands(program: Command): void {
  const apps = program
    .command('apps')
    .description('your own applications, after `gatehouse login`; no administrator is needed');

  addCreate(apps);
  addIssuer(apps.command('list').description('list your applications')).action((options: unknown) =>
    runList(common.parse(options)),
  );
  addIssuer(apps.command('show').description('show one of them').argument('<id|name>')).action(
    (which: string, options: unknown) => runShow(which, common.parse(options)),
  );
  addIssuer(apps.command('products').description('list the products that you may subscribe to'))
    .option('--search <text>', 'somewhere in name or description')
    .action((options: unknown) => runProducts(productsOptions.parse(options)));
  addSubscribe(apps);
  addRotateSecret(apps);
  addIssuer(
    apps
      .command('delete')
      .description('delete one; it can be taken back for some days')
      .argument('<id|name>'),
  ).action((which: string, options: unknown) => runDelete(which, common.parse(options)));
}

function addCreate(apps: Command): void {
  addIssuer(apps.command('create').description('create an application with sandbox credentials'))
    .requiredOption('--name <name>', 'what people read')
    .addOption(
      new Option('--kind <kind>', 'what it is')
        .choices(['web', 'spa', 'native', 'machine'])
        .default('machine'),
    )
    .option('--description <text>', 'what it is for')
    .option('--product <name...>', 'products to subscribe to, by name or id')
    .option('--redirect-uri <uri...>', 'where people are sent back to')
    .option('--post-logout-redirect-uri <uri...>', 'where people may be sent after signing out')
    .option('--origin <origin...>', 'whose pages may call the token endpoint')
    .option('--env-file <path>', 'add the credentials to this file (mode 0600)')
    .option('--force', 'replace what the file has of them')
    .addHelpText(
      'after',
      `
Example:
  $ npx gatehouse apps create --name "Nightly sync" --product Orders --env-file .env
`,
    )
    .action((options: unknown) => runCreate(createOptions.parse(options)));
}

function addSubscribe(apps: Command): void {
  addIssuer(
    apps.command('subscribe').description('subscribe one to a product').argument('<id|name>'),
  )
    .requiredOption('--product <name>', 'by name or id')
    .option('--production', 'not for the sandbox; somebody may have to approve it')
    .option('--note <text>', 'for those who decide')
    .option('--accept-terms', 'you have read the terms of the product and accept them')
    .option('--redirect-uri <uri...>', 'of the production client')
    .action((which: string, options: unknown) =>
      runSubscribe(which, subscribeOptions.parse(options)),
    );
}

function addRotateSecret(apps: Command): void {
  addIssuer(
    apps
      .command('rotate-secret')
      .description('add a secret, and retire those that there were')
      .argument('<id|name>'),
  )
    .option('--production', 'of the production client')
    .option('--overlap <hours>', 'how long the old ones still work', '24')
    .option('--env-file <path>', 'write the new secret into this file')
    .addHelpText(
      'after',
      '\nExample:\n  $ npx gatehouse apps rotate-secret "Nightly sync" --env-file .env\n',
    )
    .action((which: string, options: unknown) =>
      runRotateSecret(which, rotateOptions.parse(options)),
    );
}

async function runList({ issuer: given, json }: z.infer<typeof common>): Promise<void> {
  const issuer = chooseIssuer(given);
  const found = await listApplications({ issuer });
  if (json) return printJson(found);
  printTable(
    ['ID', 'NAME', 'KIND', 'STATE', 'CLIENTS'],
    found.map(({ id, name, kind, state, clients }) => [
      ...[id, name, kind, state],
      Object.values(clients)
        .flatMap((client) => client?.client_id ?? [])
        .join(' '),
    ]),
    'You have no applications yet: `gatehouse apps create --help` shows how to make one.',
  );
}

async function runShow(which: string, { issuer: given, json }: z.infer<typeof common>) {
  const issuer = chooseIssuer(given);
  const found = await findApplication({ issuer }, which);
  if (json) return printJson(found);
  const { sandbox, production } = found.clients;
  printFields([
    ['id', found.id],
    ['name', found.name],
    ['kind', found.kind],
    ['state', found.state],
    ['sandbox', describeClient(sandbox)],
    ['production', describeClient(production)],
  ]);
}

function describeClient(client: Client | null): string[] {
  if (!client) return [];
  const apis = client.apis.map(({ resource, scopes }) => `${resource}  ${scopes.join(' ')}`);
  return [client.client_id, ...client.redirect_uris, ...apis];
}

async function runProducts({ issuer: given, json, search }: z.infer<typeof productsOptions>) {
  const issuer = chooseIssuer(given);
  const found = await listProducts({ issuer }, search);
  if (json) return printJson(found);
  printTable(
    ['NAME', 'APPROVAL', 'APIS', 'DESCRIPTION'],
    found.map(({ name, approval, apis, description }) => [
      ...[name, approval],
      [...new Set(apis.map((api) => api.name))].join(', '),
      description.split('\n', 1).join(),
    ]),
    'There is no product that you may subscribe to.',
  );
}

async function runSubscribe(which: string, options: z.infer<typeof subscribeOptions>) {
  const issuer = chooseIssuer(options.issuer);
  const application = await findApplication({ issuer }, which);
  const product = await findProduct({ issuer }, options.product);
  const path = `/me/applications/${application.id}`;
  const made = options.production
    ? await askForProduction(issuer, path, product.id, options)
    : subscription.parse(
        await callApi({ issuer }, 'POST', `${path}/subscriptions`, { product_id: product.id }),
      );
  if (options.json) return printJson(made);
  printFields([
    ['subscription', made.id],
    ['environment', made.environment],
    ['state', made.state],
  ]);
}

async function askForProduction(
  issuer: string,
  path: string,
  product: string,
  { note, acceptTerms, redirectUri }: z.infer<typeof subscribeOptions>,
) {
  const answer = await callApi({ issuer }, 'POST', `${path}/promotion`, {
    ...{ products: [product], note, terms_accepted: acceptTerms },
    ...(redirectUri ? { redirect_uris: redirectUri } : {}),
  });
  const [made] = z.object({ data: z.array(subscription).length(1) }).parse(answer).data;
  if (!made) throw new Error('no subscription was answered');
  return made;
}

async function runDelete(which: string, { issuer: given, json }: z.infer<typeof common>) {
  const issuer = chooseIssuer(given);
  const { id, name } = await findApplication({ issuer }, which);
  await callApi({ issuer }, 'DELETE', `/me/applications/${id}`);
  if (json) return printJson({ id, name });
  process.stdout.write(
    `${name} is deleted: its credentials get no more tokens. For some days it can be taken back on its page at ${issuer}/applications/${id}.\n`,
  );
}
