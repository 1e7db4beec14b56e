// accounts approve, reject, reset: decisions of which the person is told by mail.
import type { Command } from 'commander';
import { z } from 'zod';
import { approveAccount, rejectAccount } from '../../accounts/approval.ts';
import { loadAccount } from '../../accounts/block-account.ts';
import { startReset } from '../../accounts/recovery/start-reset.ts';
import { UsageError } from '../../errors.ts';
import { mailDeps } from '../mail-deps.ts';
import { OPERATOR, withInstallation } from '../open.ts';
import { printJson } from '../print.ts';

const jsonOption = z.object({ json: z.boolean().default(false) });
const VERBS = [
  { verb: 'approve', what: 'let in who signed up and waits for it', decide: approveAccount },
  { verb: 'reject', what: 'keep out who signed up and waits', decide: rejectAccount },
] as const;

/** Adds the commands to `accounts`. */
export function addDecisionCommands(accounts: Command): void {
  for (const { verb, what, decide } of VERBS) {
    accounts
      .command(verb)
      .description(`${what}; the person is told by mail`)
      .argument('<id|email>', 'usr_... or the e-mail address')
      .option('--json', 'print JSON')
      .action((name: string, options: unknown) =>
        runDecision(name, decide, jsonOption.parse(options)),
      );
  }

  accounts
    .command('reset')
    .description('send the person a link to choose a new password; the old one works until then')
    .argument('<id|email>', 'usr_... or the e-mail address')
    .option('--json', 'print JSON')
    .action((name: string, options: unknown) => runReset(name, jsonOption.parse(options)));
}

async function runDecision(
  name: string,
  decide: typeof approveAccount,
  { json }: z.infer<typeof jsonOption>,
): Promise<void> {
  const { id, email, state, approval } = await withInstallation(async (installation) => {
    const account = await loadAccount(installation.db, name);
    await decide(await mailDeps(installation), account, OPERATOR);
    return loadAccount(installation.db, account.id);
  });
  if (json) return printJson({ id, email, state, approval });
  const outcome = approval === 'rejected' ? 'rejected' : `approved, and ${state}`;
  process.stdout.write(`${email} (${id}) is ${outcome}. A mail says so.\n`);
}

async function runReset(name: string, { json }: z.infer<typeof jsonOption>): Promise<void> {
  const { id, email } = await withInstallation(async (installation) => {
    if (!installation.signUp.passwords)
      throw new UsageError('Passwords are switched off here: GATEHOUSE_PASSWORDS is off.');
    const account = await loadAccount(installation.db, name);
    await startReset(await mailDeps(installation), account, OPERATOR);
    return account;
  });
  if (json) return printJson({ id, email, reset: 'started' });
  process.stdout.write(`A mail to ${email} (${id}) has a link to choose a new password.\n`);
}
