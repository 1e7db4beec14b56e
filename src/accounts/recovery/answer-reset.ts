// The job behind a forgotten password: a link for whoever has an account, a note for whoever has none.
import type { Outbox } from '../../mail/outbox.ts';
import { type AccountRow, findAccountByEmail } from '../../storage/accounts.ts';
import type { Database } from '../../storage/database.ts';
import { countTokens, issueEmailToken } from '../../storage/email-tokens.ts';
import { runInUnitOfWork } from '../../storage/unit-of-work.ts';
import { mayReset } from './change-password.ts';
import { openResetRequest, type ResetRequest } from './request-reset.ts';

const RESET_SECONDS = 30 * 60;
// Of an address within half an hour: nobody's mailbox is flooded through us.
const MAX_MAILS = 5;

interface ResetDeps {
  db: Database;
  outbox: Outbox;
  issuer: string;
  encryptionKeys: Buffer[];
}

/** Creates the task. It may run again after a crash: the mail commits with its token or not at all. */
export function createResetAnswer(deps: ResetDeps) {
  return (payload: unknown) =>
    runInUnitOfWork(deps.db.knex, async (unit) => {
      await answer(deps, openResetRequest(payload, deps.encryptionKeys));
      await unit.commit();
    });
}

async function answer(deps: ResetDeps, request: ResetRequest): Promise<void> {
  const account = await findAccountByEmail(deps.db, request.email);
  if ((await countTokens(deps.db, 'reset-password', request.email)) >= MAX_MAILS) return;
  if (account && mayReset(account)) return sendResetMail(deps, account, request);
  if (account) return;
  // The token is worth nothing; it counts the mails to this address.
  await issueEmailToken(deps.db, tokenFor(request, undefined));
  await deps.outbox.queue({
    kind: 'reset-unknown',
    to: request.email,
    language: request.language,
  });
}

/** Writes the mail with the link to choose a new password, in the running unit of work. */
export async function sendResetMail(
  deps: Pick<ResetDeps, 'db' | 'outbox' | 'issuer'>,
  account: Pick<AccountRow, 'id' | 'email'>,
  request: Omit<ResetRequest, 'email'>,
): Promise<void> {
  const token = await issueEmailToken(
    deps.db,
    tokenFor({ ...request, email: account.email }, account.id),
  );
  await deps.outbox.queue({
    kind: 'reset-password',
    to: account.email,
    language: request.language,
    link: `${deps.issuer}/reset-password?token=${token}`,
  });
}

function tokenFor({ email, interactionUid }: ResetRequest, accountId: string | undefined) {
  return {
    purpose: 'reset-password' as const,
    accountId,
    lifetimeSeconds: RESET_SECONDS,
    data: { email: email.toLowerCase(), interactionUid },
  };
}
