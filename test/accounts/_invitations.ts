// Invitations of tests: made as an administrator does, and aged so that nobody has to wait.
import { randomBytes } from 'node:crypto';
import { invite } from '../../src/accounts/invitations/invite.ts';
import { createOutbox } from '../../src/mail/outbox.ts';
import { findAccountByEmail } from '../../src/storage/accounts.ts';
import { runInUnitOfWork } from '../../src/storage/unit-of-work.ts';
import type { Server } from '../_installation.ts';
import { linkTo } from './_mails.ts';

type Request = Partial<Omit<Parameters<typeof invite>[2], 'email'>> & { email?: string };

/** Invites somebody in the name of the first account, and answers with the link of the mail. */
export async function inviteSomebody(server: Server, request: Request = {}) {
  const { db, issuer, secrets } = server;
  const email = request.email ?? `${randomBytes(6).toString('hex')}@example.com`;
  const outbox = createOutbox({ db, encryptionKeys: secrets.encryptionKeys });
  const signUp = { mode: 'invitation', domains: [], passwords: true } as const;
  const invitation = await runInUnitOfWork(db.knex, async (unit) => {
    const inviter = await findAccountByEmail(db, server.accounts[0]?.email ?? '');
    if (!inviter) throw new Error('nobody invites');
    const deps = { db, issuer, outbox, signUp: { ...signUp, domains: [] } };
    const full = { groups: [], roles: [], ...request, email };
    const made = await invite(deps, inviter, full, 'a test');
    await unit.commit();
    return made;
  });
  return { id: invitation.id, email, link: await linkTo(server, email) };
}

/** Makes an invitation expire `hours` ago. */
export async function expireInvitation(server: Server, id: string): Promise<void> {
  const query = await server.db.query();
  await query('invitations')
    .where({ id })
    .update({ expires_at: query.raw("now() - interval '1 minute'") });
}
