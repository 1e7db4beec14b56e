// The job behind a sign-up: the mail says how to go on, for a new address or for one that has an account.
import { isLanguage } from '../../http/i18n.ts';
import type { Outbox } from '../../mail/outbox.ts';
import { findAccountByEmail } from '../../storage/accounts.ts';
import type { Database } from '../../storage/database.ts';
import { countTokens, issueEmailToken } from '../../storage/email-tokens.ts';
import { findSignUp, SIGN_UP_SECONDS } from '../../storage/sign-ups.ts';
import { runInUnitOfWork } from '../../storage/unit-of-work.ts';

// Of an address within the half hour that its links live: nobody's mailbox is flooded through us.
const MAX_MAILS = 5;

/** Creates the task. It may run again after a crash: the mail commits with its token or not at all. */
export function createSignUpAnswer(deps: { db: Database; outbox: Outbox; issuer: string }) {
  const { db, outbox, issuer } = deps;
  return (payload: unknown) =>
    runInUnitOfWork(db.knex, async (unit) => {
      const signUp = await findSignUp(db, (payload as { id: string }).id);
      if (!signUp) return;
      const { id, email } = signUp;
      const language = isLanguage(signUp.language) ? signUp.language : 'en';
      if (await findAccountByEmail(db, email)) {
        const link = `${issuer}/account`;
        await outbox.queue({ kind: 'sign-up-known', to: email, language, link });
      } else if ((await countTokens(db, 'sign-up', email)) < MAX_MAILS) {
        const token = await issueEmailToken(db, {
          purpose: 'sign-up',
          lifetimeSeconds: SIGN_UP_SECONDS,
          data: { signUpId: id, email: email.toLowerCase() },
        });
        const link = `${issuer}/sign-up/confirm?token=${token}`;
        await outbox.queue({ kind: 'confirm-sign-up', to: email, language, link });
      }
      await unit.commit();
    });
}
