// The jobs of credentials: those who keep one hear before it expires, and that it has is written down.
// It dies by time alone, on every node, whether these run or not.
import { isLanguage, type Language } from '../../http/i18n.ts';
import type { Outbox } from '../../mail/outbox.ts';
import type { Database } from '../../storage/database.ts';
import {
  listMemberAddresses,
  type TimedCredential,
  takeExpired,
  takeExpiring,
} from '../../storage/expiring-credentials.ts';
import { runInUnitOfWork } from '../../storage/unit-of-work.ts';
import { record } from '../record.ts';

/** The later one first: who is told of two days need not hear of fourteen in the same hour. */
const NOTICE_DAYS = [2, 14];
const TAKEN_AT_ONCE = 100;

/** Writes down which credentials have expired, each once. */
export async function expireCredentials(db: Database): Promise<void> {
  await inBatches(db, async () => {
    const expired = await takeExpired(db, TAKEN_AT_ONCE);
    for (const credential of expired) await tell(db, 'credential.expired', credential);
    return expired.length;
  });
}

/** Tells the members of each application what expires in 14 and in 2 days, each time once. */
export async function remindOfExpiry(deps: {
  db: Database;
  outbox: Outbox;
  issuer: string;
}): Promise<void> {
  const { db } = deps;
  for (const days of NOTICE_DAYS) {
    await inBatches(db, async () => {
      const expiring = await takeExpiring(db, days, TAKEN_AT_ONCE);
      for (const credential of expiring) {
        await tell(db, 'credential.expiring', credential);
        await writeMails(deps, credential);
      }
      return expiring.length;
    });
  }
}

// Each batch is a commit: what was told is told, whatever becomes of the next one.
async function inBatches(db: Database, takeBatch: () => Promise<number>): Promise<void> {
  for (;;) {
    const taken = await runInUnitOfWork(db.knex, async (unit) => {
      try {
        const count = await takeBatch();
        await unit.commit();
        return count;
      } catch (error) {
        await unit.rollback().catch(() => undefined);
        throw error;
      }
    });
    if (taken < TAKEN_AT_ONCE) return;
  }
}

function tell(db: Database, type: string, credential: TimedCredential): Promise<void> {
  const { id, clientId, applicationId, kind, name, hint, expiresAt, retired } = credential;
  const data = {
    credential_id: id,
    kind,
    name,
    hint,
    expires_at: expiresAt.toISOString(),
    retired,
  };
  return record(db, { kind: 'job' }, { type, clientId, applicationId, data });
}

async function writeMails(
  { db, outbox, issuer }: { db: Database; outbox: Outbox; issuer: string },
  { applicationId, clientName, name, hint, expiresAt }: TimedCredential,
): Promise<void> {
  if (applicationId === undefined) return;
  for (const member of await listMemberAddresses(db, applicationId)) {
    const language: Language = isLanguage(member.language) ? member.language : 'en';
    const date = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' });
    await outbox.queue({
      ...{ kind: 'credential-expiring', to: member.email, language },
      values: { application: clientName, credential: name, hint, date: date.format(expiresAt) },
      link: `${issuer}/applications/${applicationId}/credentials`,
    });
  }
}
