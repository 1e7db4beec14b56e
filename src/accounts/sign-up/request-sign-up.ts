// Asking for an account. For a known address exactly the same happens as for an unknown one: what is
// written in the mail is decided later, by a job.
import { z } from 'zod';
import type { SignUpConfig } from '../../config/sign-up.ts';
import type { Language, Values } from '../../http/i18n.ts';
import type { Database } from '../../storage/database.ts';
import { queueJob } from '../../storage/queued-jobs.ts';
import { insertSignUp } from '../../storage/sign-ups.ts';
import type { Terms } from '../../storage/terms.ts';
import { currentUnitOfWork } from '../../storage/unit-of-work.ts';
import { parseEmailAddress } from '../email-address.ts';
import { personName } from '../person-name.ts';

/** What a sign-up form posts. What is too long is told beside its field; a form is bounded as a whole. */
export const signUpForm = z.object({
  email: z.string().default(''),
  given_name: z.string().default(''),
  family_name: z.string().default(''),
  password: z.string().default(''),
  terms: z.string().default(''),
});
export type SignUpForm = z.infer<typeof signUpForm>;

/** A sentence beside a field, by its key in the catalogs. */
export type FieldProblem = { key: string; values?: Values };
export type SignUpProblems = Partial<Record<keyof SignUpForm, FieldProblem>>;

export interface SignUpDeps {
  db: Database;
  config: SignUpConfig;
  terms: () => Promise<Terms | undefined>;
  hashPassword: (password: string) => Promise<string>;
  /** Whether people of this address sign in elsewhere only. */
  isForcedElsewhere: (email: string) => Promise<boolean>;
  passwordProblem: (
    password: string,
    person: { email: string; givenName?: string; familyName?: string },
  ) => Promise<FieldProblem | undefined>;
}

/** What is wrong with a form, field by field; undefined when it is fine. */
export async function signUpProblems(
  deps: SignUpDeps,
  form: SignUpForm,
): Promise<SignUpProblems | undefined> {
  const terms = await deps.terms();
  const person = { email: form.email, givenName: form.given_name, familyName: form.family_name };
  const found: [keyof SignUpForm, FieldProblem | undefined][] = [
    ['email', await emailProblem(deps, form.email)],
    ['given_name', nameProblem(form.given_name)],
    ['family_name', nameProblem(form.family_name)],
    ['password', await deps.passwordProblem(form.password, person)],
    [
      'terms',
      terms?.consentRequired && form.terms !== terms.version
        ? { key: 'sign-up.terms-missing' }
        : undefined,
    ],
  ];
  const problems = found.filter(([, problem]) => problem !== undefined);
  return problems.length > 0 ? Object.fromEntries(problems) : undefined;
}

async function emailProblem(
  { config: { domains }, isForcedElsewhere }: SignUpDeps,
  text: string,
): Promise<FieldProblem | undefined> {
  if (!text.trim()) return { key: 'sign-in.email-missing' };
  const email = parseEmailAddress(text);
  if (!email) return { key: 'sign-up.email-invalid' };
  const domain = email.slice(email.lastIndexOf('@') + 1);
  if (domains.length > 0 && !domains.includes(domain))
    return { key: 'sign-up.email-domain', values: { domains: domains.join(', ') } };
  return (await isForcedElsewhere(email)) ? { key: 'federation.other_connector' } : undefined;
}

function nameProblem(text: string): FieldProblem | undefined {
  if (!text.trim()) return { key: 'sign-up.name-missing' };
  return personName.safeParse(text).success ? undefined : { key: 'sign-up.name-invalid' };
}

/**
 * Keeps a sign-up whose form is fine and has its mail written. Returns its id. Throws 503 when too
 * many passwords wait to be hashed.
 */
export async function requestSignUp(
  deps: SignUpDeps,
  form: SignUpForm,
  origin: { language: Language; interactionUid: string; clientId: string },
): Promise<string> {
  // Hashing takes time and may queue: it must not hold a connection.
  await currentUnitOfWork()?.commit();
  const passwordHash = await deps.hashPassword(form.password);
  const id = await insertSignUp(deps.db, {
    email: parseEmailAddress(form.email) ?? '',
    given_name: form.given_name.trim(),
    family_name: form.family_name.trim(),
    password_hash: passwordHash,
    language: origin.language,
    terms_version: (await deps.terms())?.version ?? null,
    interaction_uid: origin.interactionUid,
    client_id: origin.clientId,
  });
  await queueJob(deps.db, 'answer-sign-up', { id });
  return id;
}
