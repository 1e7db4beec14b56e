// What an owner changes about an application that goes on: what is said of it, and whether it is enabled.
import { describeApplication } from '../../storage/application-changes.ts';
import { type Application, disableApplication } from '../../storage/applications.ts';
import type { Database } from '../../storage/database.ts';
import type { Actor } from '../actor.ts';
import { type ApplicationFields, expectNoProblem, fieldProblems } from '../application-fields.ts';
import { record } from '../record.ts';

/**
 * Changes name, description and homepage; under another name it is not verified any more. Throws
 * 400 with the first thing that is wrong.
 */
export async function changeApplication(
  { db, productName }: { db: Database; productName: string },
  actor: Actor,
  { id: applicationId, about }: Pick<Application, 'id'> & { about: ApplicationFields },
): Promise<void> {
  expectNoProblem(fieldProblems(about, productName));
  await describeApplication(db, applicationId, about);
  const data = { name: about.name };
  await record(db, actor, { type: 'application.changed', applicationId, data });
}

/** Disables an application, or enables it again: what an administrator suspended stays suspended. */
export async function setDisabled(
  db: Database,
  actor: Actor,
  { id: applicationId, disabled }: Pick<Application, 'id'> & { disabled: boolean },
): Promise<void> {
  await disableApplication(db, applicationId, disabled);
  const type = disabled ? 'application.disabled' : 'application.enabled';
  await record(db, actor, { type, applicationId });
}
