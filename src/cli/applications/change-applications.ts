// applications verify, suspend, resume, remove.
import { record } from '../../applications/record.ts';
import { UsageError } from '../../errors.ts';
import { eraseApplication, verifyApplication } from '../../storage/application-changes.ts';
import { findLogoDigest } from '../../storage/application-logos.ts';
import {
  type Application,
  lockApplication,
  suspendApplication,
} from '../../storage/applications.ts';
import type { Database } from '../../storage/database.ts';
import { withInstallation } from '../open.ts';
import { printJson } from '../print.ts';

const OPERATOR = { kind: 'operator' } as const;
/** Digits of a digest that nobody meets by chance. */
const LEAST_DIGEST = 12;

interface Json {
  json: boolean;
}

/** Verifies what the operator saw, and nothing that came after it. */
export async function runVerify(
  id: string,
  { json, name, logo }: Json & { name: string; logo?: string | undefined },
): Promise<void> {
  await change(id, 'application.verified', {}, async (db, application) => {
    expectName(application, name);
    const digest = await findLogoDigest(db, id);
    const isSeen = logo !== undefined && logo.length >= LEAST_DIGEST && digest?.startsWith(logo);
    if (digest ? !isSeen : logo !== undefined)
      throw new UsageError(
        digest
          ? `Its logo is ${digest.slice(0, LEAST_DIGEST)}: look at it, and name it by --logo.`
          : 'It has no logo any more: look at it again.',
      );
    await verifyApplication(db, id, true);
  });
  if (json) return printJson({ id, verified: true });
  process.stdout.write(`${name} (${id}) is verified: consent pages no longer warn of it.\n`);
}

/** Suspends. */
export async function runSuspend(
  id: string,
  { json, reason }: Json & { reason: string },
): Promise<void> {
  await change(id, 'application.suspended', { reason }, (db) => suspendApplication(db, id, reason));
  if (json) return printJson({ id, suspended: true, reason });
  process.stdout.write(
    `${id} is suspended: it gets no more tokens, and its refresh tokens are refused.\nAccess tokens that an API verifies by itself live until they expire.\n`,
  );
}

/** Takes a suspension back. */
export async function runResume(id: string, { json }: Json): Promise<void> {
  await change(id, 'application.resumed', {}, (db) => suspendApplication(db, id, undefined));
  if (json) return printJson({ id, suspended: false });
  process.stdout.write(`${id} is no longer suspended.\n`);
}

/** Erases at once. */
export async function runRemove(
  id: string,
  { json, name }: Json & { name: string },
): Promise<void> {
  await change(id, 'application.erased', { name }, async (db, application) => {
    expectName(application, name);
    await eraseApplication(db, id);
  });
  if (json) return printJson({ id, removed: true });
  process.stdout.write(`${name} (${id}) is erased for good, with its clients.\n`);
}

function change(
  id: string,
  type: string,
  data: Record<string, unknown>,
  work: (db: Database, application: Application) => Promise<void>,
): Promise<void> {
  return withInstallation(async ({ db }) => {
    // Its owners change nothing meanwhile.
    const application = /^app_[0-9a-f]{1,60}$/.test(id) ? await lockApplication(db, id) : undefined;
    if (!application) throw unknownApplication(id);
    await work(db, application);
    await record(db, OPERATOR, { type, applicationId: id, data });
  });
}

function expectName(application: Application, name: string): void {
  if (application.name === name) return;
  throw new UsageError(`${application.id} is named ${JSON.stringify(application.name)} now.`);
}

/** What is said of an id that nothing has. */
export function unknownApplication(id: string): UsageError {
  return new UsageError(
    `There is no application ${id}: \`gatehouse applications list\` shows them all.`,
  );
}
