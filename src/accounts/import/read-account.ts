// One line of an import: an account as JSON, or the reason why it is none.
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { ImportedAccount } from '../../storage/imported-accounts.ts';
import { roleName } from '../create-account.ts';
import { parseEmailAddress } from '../email-address.ts';
import { HashProblem, type HashSource } from '../passwords/imported/hash-kind.ts';
import { sealImportedHash } from '../passwords/imported/hash-kinds.ts';
import { personName } from '../person-name.ts';

const NO_HASH = 'It must be a string, or an object of strings and numbers.';
const line = z.strictObject({
  email: z.string(),
  email_verified: z.boolean().default(false),
  given_name: personName.nullish(),
  family_name: personName.nullish(),
  roles: z.array(roleName).max(50).default([]),
  password_hash: z
    .union([z.string(), z.record(z.string(), z.union([z.string(), z.number()]))], NO_HASH)
    .nullish(),
});

/** Why a line is refused, as a sentence. It repeats nothing of the line. */
export class LineProblem extends Error {}

/** Reads one line; its hash is sealed under `pepper`. Throws a LineProblem. */
export function readAccount(text: string, pepper: Buffer): ImportedAccount {
  const { success, data, error } = line.safeParse(parse(text));
  if (!success) throw new LineProblem(error.issues.map(sentence).join(' '));
  const email = parseEmailAddress(data.email);
  if (!email) throw new LineProblem('email: It must look like noor@example.com.');
  return {
    id: `usr_${randomBytes(12).toString('hex')}`,
    email,
    email_verified: data.email_verified,
    given_name: data.given_name ?? null,
    family_name: data.family_name ?? null,
    roles: [...new Set(data.roles)],
    password_hash: data.password_hash == null ? null : sealed(data.password_hash, pepper),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new LineProblem('It is not JSON.');
  }
}

function sentence({ path, message, code }: z.core.$ZodIssue): string {
  // Its message would repeat the names, which may be personal when the file is not what it should be.
  if (code === 'unrecognized_keys') return 'It has fields that are not known.';
  return path.length > 0 ? `${path.join('.')}: ${message}` : 'It is no JSON object.';
}

function sealed(source: HashSource, pepper: Buffer): string {
  try {
    return sealImportedHash(source, pepper);
  } catch (error) {
    if (error instanceof HashProblem) throw new LineProblem(`password_hash: ${error.message}.`);
    throw error;
  }
}
