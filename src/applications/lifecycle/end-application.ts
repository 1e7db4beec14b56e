// Deleting an application, taking that back, and erasing it for good when nobody did.

import {
  eraseDueApplications,
  markApplicationDeleted,
  unmarkApplicationDeleted,
} from '../../storage/application-changes.ts';
import { revokeApplicationInvitations } from '../../storage/application-invitations.ts';
import type { Application } from '../../storage/applications.ts';
import type { Database } from '../../storage/database.ts';
import { runInUnitOfWork } from '../../storage/unit-of-work.ts';
import type { Actor } from '../actor.ts';
import { record } from '../record.ts';

const ERASED_AT_ONCE = 50;

/** Deletes an application: it gets no token from now on, and is erased after the days of grace. */
export async function deleteApplication(
  db: Database,
  actor: Actor,
  { id }: Pick<Application, 'id'>,
): Promise<void> {
  const eraseAt = await markApplicationDeleted(db, id);
  // Deleted by another window: what was wanted is so.
  if (!eraseAt) return;
  await revokeApplicationInvitations(db, { applicationId: id });
  await record(db, actor, {
    type: 'application.deleted',
    applicationId: id,
    data: { erase_at: eraseAt.toISOString() },
  });
}

/** Takes a deletion back. Returns false when there is nothing to take back. */
export async function restoreApplication(
  db: Database,
  actor: Actor,
  { id }: Pick<Application, 'id'>,
): Promise<boolean> {
  if (!(await unmarkApplicationDeleted(db, id))) return false;
  await record(db, actor, { type: 'application.restored', applicationId: id });
  return true;
}

/** Erases what was deleted long enough ago, with clients, credentials and subscriptions. For a job. */
export async function eraseDeletedApplications(db: Database): Promise<number> {
  let erased = 0;
  for (;;) {
    const count = await runInUnitOfWork(db.knex, async (unit) => {
      try {
        const ids = await eraseDueApplications(db, ERASED_AT_ONCE);
        for (const applicationId of ids)
          await record(db, { kind: 'job' }, { type: 'application.erased', applicationId });
        await unit.commit();
        return ids.length;
      } catch (error) {
        await unit.rollback().catch(() => undefined);
        throw error;
      }
    });
    erased += count;
    if (count < ERASED_AT_ONCE) return erased;
  }
}
