// The job behind a sign-up: the mail says how to go on, for a new address or for one that has an account.
import { isLanguage } from '../../http/i18n.ts';
import type { Outbox } from '../../mail/outbox.ts';
import { findAccountByEmail } from '../../storage/accounts.ts';
import type { Database } from '../../storage/database.ts';
import { countTokens, issueEmailToken } from '../../storage/email-tokens.ts';
import { findSignUp, SIGN_UP_SECONDS, type SignUpRow } from '../../storage/sign-ups.ts';
import { runInUnitOfWork } from '../../storage/unit-of-work.ts';

// Of an address within the half hour that its links live: nobody's mailbox is flooded through us.
const MAX_MAILS = 5;

interface AnswerDeps {
  db: Database;
  outbox: Outbox;
  issuer: string;
}

/** Creates the task. It may run again after a crash: the mail commits with its token or not at all. */
export function createSignUpAnswer(deps: AnswerDeps) {
  return (payload: unknown) =>
    runInUnitOfWork(deps.db.knex, async (unit) => {
      const signUp = await findSignUp(deps.db, (payload as { id: string }).id);
      if (signUp) await answer(deps, signUp);
      await unit.commit();
    });
}

async function answer({ db, outbox, issuer }: AnswerDeps, signUp: SignUpRow): Promise<void> {
  const { id, email } = signUp;
  if ((await countTokens(db, 'sign-up', email)) >= MAX_MAILS) return;
  const token = await issueEmailToken(db, {
    purpose: 'sign-up',
    lifetimeSeconds: SIGN_UP_SECONDS,
    data: { signUpId: id, email: email.toLowerCase() },
  });
  const known = await findAccountByEmail(db, email);
  await outbox.queue({
    kind: known ? 'sign-up-known' : 'confirm-sign-up',
    to: email,
    language: isLanguage(signUp.language) ? signUp.language : 'en',
    link: known ? `${issuer}/account` : `${issuer}/sign-up/confirm?token=${token}`,
  });
}
