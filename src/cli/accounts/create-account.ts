// accounts create: the password comes from standard input or is made here, never from an argument.
import { z } from 'zod';
import { createAccount } from '../../accounts/create-account.ts';
import { createPasswords } from '../../accounts/passwords/passwords.ts';
import {
  createPasswordPolicy,
  type PasswordPerson,
  type PasswordRules,
} from '../../accounts/passwords/policy.ts';
import { readablePassword } from '../../accounts/passwords/readable-password.ts';
import { UsageError } from '../../errors.ts';
import { OPERATOR, withInstallation } from '../open.ts';
import { note, printFields, printJson } from '../print.ts';
import { describeAccount } from './describe-account.ts';

const schema = z.object({
  email: z.string(),
  givenName: z.string().optional(),
  familyName: z.string().optional(),
  role: z.array(z.string()).default([]),
  passwordStdin: z.boolean().default(false),
  json: z.boolean().default(false),
});

const MAX_INPUT = 10_000;

/** Creates the account that the options describe, and shows a password that it made, once. */
export async function runCreateAccount(options: unknown): Promise<void> {
  const { role: roles, passwordStdin, json, ...person } = schema.parse(options);
  const given = passwordStdin ? await readStandardInput() : undefined;
  let made: string | undefined;
  const account = await withInstallation(async ({ db, secrets, passwordRules }) => {
    const passwords = await createPasswords({ peppers: (await secrets()).passwordPeppers });
    const passwordProblem = createPasswordPolicy(passwordRules);
    made = given === undefined ? await makePassword(passwordRules, person) : undefined;
    const request = { ...person, roles, password: given ?? made ?? '' };
    return createAccount({ db, passwords, passwordProblem }, request, OPERATOR);
  });
  if (json) printJson({ ...describeAccount(account), password: made ?? null });
  else {
    const fields: [string, string][] = [
      ['id', account.id],
      ['email', account.email],
    ];
    if (made !== undefined) fields.push(['password', made]);
    printFields(fields);
  }
  if (made !== undefined)
    note('The password is not shown again: hand it over now, by a way that nobody else reads.');
}

// The list of common passwords refuses a few that are none.
async function makePassword(rules: PasswordRules, person: PasswordPerson): Promise<string> {
  const password = readablePassword(rules.minLength);
  const problem = await createPasswordPolicy(rules)(password, person);
  return problem ? makePassword(rules, person) : password;
}

async function readStandardInput(): Promise<string> {
  if (process.stdin.isTTY) {
    throw new UsageError(
      '--password-stdin reads from a pipe, where nobody sees what is typed: pipe the password in, or leave the option out to have one made.',
    );
  }
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk;
    if (text.length > MAX_INPUT) throw new UsageError('Standard input holds more than a password.');
  }
  // A text file ends with a line break, which is not part of the password.
  return text.replace(/\r?\n$/, '');
}
