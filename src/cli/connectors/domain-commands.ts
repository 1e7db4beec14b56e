// connectors domains add, verify, list, remove.
import type { Command } from 'commander';

// Loaded only when one of them runs: it brings the client of the protocol.
const work = () => import('./domains.ts');

/** Adds the commands to `connectors`. */
export function addDomainCommands(connectors: Command): void {
  const domains = connectors
    .command('domains')
    .description('e-mail domains whose people sign in with a connector');

  domains
    .command('add')
    .description('lead the people of a domain to a connector, once the domain is proven')
    .argument('<id>', 'the connector')
    .argument('<domain>', 'such as example.com; its subdomains are others')
    .option('--asserted', 'you vouch that the domain is theirs: no proof by DNS is needed')
    .option('--force-sso', 'its people sign in with this connector only')
    .option('--json', 'print JSON')
    .action(async (id: string, domain: string, options: unknown) =>
      (await work()).runAdd(id, domain, options),
    );

  domains
    .command('verify')
    .description('look for the proof of a domain in the DNS')
    .argument('<domain>')
    .option('--dns-server <address>', 'ask this server, such as the one of the domain itself')
    .option('--json', 'print JSON')
    .action(async (domain: string, options: unknown) => (await work()).runVerify(domain, options));

  domains
    .command('list')
    .description('list the domains of all connectors')
    .option('--json', 'print JSON')
    .action(async (options: unknown) => (await work()).runList(options));

  domains
    .command('remove')
    .description('let the people of a domain sign in as everybody does')
    .argument('<domain>')
    .option('--json', 'print JSON')
    .action(async (domain: string, options: unknown) => (await work()).runRemove(domain, options));
}
