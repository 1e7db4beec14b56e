// invitations create, list, resend, revoke.
import type { Command } from 'commander';
import { z } from 'zod';
import { loadAccount } from '../accounts/block-account.ts';
import {
  type InviteDeps,
  invite,
  loadInvitation,
  resendInvitation,
  withdrawInvitation,
} from '../accounts/invitations/invite.ts';
import { type InvitationRow, listInvitations } from '../storage/invitations.ts';
import { addListOptions, listOptions } from './list-options.ts';
import { mailDeps } from './mail-deps.ts';
import { type Installation, OPERATOR, withInstallation } from './open.ts';
import { formatTime, note, printFields, printJson, printTable } from './print.ts';

const jsonOption = z.object({ json: z.boolean().default(false) });
const createOptions = z.object({
  email: z.string(),
  inviter: z.string(),
  group: z.array(z.string()).default([]),
  role: z.array(z.string()).default([]),
  message: z.string().optional(),
  client: z.string().optional(),
  language: z.string().optional(),
  json: z.boolean().default(false),
});

/** Adds the commands to the program. */
export function addInvitationCommands(program: Command): void {
  const invitations = program.command('invitations').description('who may create an account');

  invitations
    .command('create')
    .description('invite somebody by mail; the link is good for 48 hours')
    .requiredOption('--email <address>', 'who is invited')
    .requiredOption(
      '--inviter <id|email>',
      'whose name the mail says, and who is asked for another',
    )
    .option('--group <name...>', 'a group that the account will be in')
    .option('--role <role...>', 'a role that the account will have')
    .option('--message <text>', 'one line of your own in the mail')
    .option('--client <id>', 'where the person goes on after accepting (default: My account)')
    .option('--language <code>', 'of the mail: en, de, fr, es, ja (default: that of the inviter)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Example:
  $ npx gatehouse invitations create --email noor@example.com --inviter ada@example.com --group beta-testers
`,
    )
    .action((options: unknown) => runCreate(createOptions.parse(options)));

  addListOptions(
    invitations.command('list').description('list invitations, the newest first'),
  ).action((options: unknown) => runList(listOptions.parse(options)));

  invitations
    .command('resend')
    .description('send an invitation again: a new link for 48 hours, the old one is void')
    .argument('<id|email>', 'inv_... or the address that was invited')
    .option('--json', 'print JSON')
    .action((name: string, options: unknown) => runResend(name, jsonOption.parse(options)));

  invitations
    .command('revoke')
    .description('make the link of an invitation void')
    .argument('<id|email>', 'inv_... or the address that was invited')
    .option('--json', 'print JSON')
    .action((name: string, options: unknown) => runRevoke(name, jsonOption.parse(options)));
}

async function runCreate(options: z.infer<typeof createOptions>): Promise<void> {
  const { json, inviter, group: groups, role: roles, client: clientId, ...rest } = options;
  const invitation = await withInstallation(async (installation) => {
    const by = await loadAccount(installation.db, inviter);
    const request = { ...rest, groups, roles, clientId };
    return invite(await inviteDeps(installation), by, request, OPERATOR);
  });
  if (json) return printJson(describeInvitation(invitation));
  printFields([
    ['id', invitation.id],
    ['email', invitation.email],
    ['expires', formatTime(invitation.expires_at)],
  ]);
}

async function runList({ json, limit }: z.infer<typeof listOptions>): Promise<void> {
  const found = await withInstallation(({ db }) => listInvitations(db, limit + 1));
  const shown = found.slice(0, limit);
  if (found.length > limit) note(`There are more than ${limit}: --limit shows more.`);
  if (json) return printJson(shown.map(describeInvitation));
  printTable(
    ['ID', 'E-MAIL', 'STATE', 'INVITER', 'EXPIRES'],
    shown.map((row) => [
      row.id,
      row.email,
      row.state,
      row.inviter_name,
      formatTime(row.expires_at),
    ]),
    'There are no invitations: `gatehouse invitations create --help` shows how to invite somebody.',
  );
}

async function runResend(name: string, { json }: z.infer<typeof jsonOption>): Promise<void> {
  const { id, email } = await withInstallation(async (installation) => {
    const invitation = await loadInvitation(installation.db, name);
    await resendInvitation(await inviteDeps(installation), invitation, OPERATOR);
    return invitation;
  });
  if (json) return printJson({ id, email, state: 'open' });
  process.stdout.write(`${email} is invited again: the new link is good for 48 hours.\n`);
}

async function runRevoke(name: string, { json }: z.infer<typeof jsonOption>): Promise<void> {
  const { id, email } = await withInstallation(async ({ db }) => {
    const invitation = await loadInvitation(db, name);
    await withdrawInvitation(db, invitation, OPERATOR);
    return invitation;
  });
  if (json) return printJson({ id, email, state: 'revoked' });
  process.stdout.write(`The invitation of ${email} is revoked: its link is void.\n`);
}

async function inviteDeps(installation: Installation): Promise<InviteDeps> {
  return { ...(await mailDeps(installation)), signUp: installation.signUp };
}

/** An invitation as --json shows it. */
function describeInvitation(row: InvitationRow) {
  const { id, email, state, language, roles, message, client_id, created_at, expires_at } = row;
  return {
    ...{ id, email, state, language, roles, message, client_id },
    inviter: row.inviter_name,
    groups: row.group_ids,
    ...{ created_at, expires_at },
  };
}
