// Where the answer of an upstream leads: each purpose hands on to the page that began it.
import type { Context } from 'koa';
import { acceptInvitation } from '../../accounts/invitations/accept.ts';
import { type WelcomeDeps, welcomeInvited } from '../../accounts/invitations/welcome.ts';
import { languageOf } from '../../http/i18n.ts';
import { findIdentity } from '../../storage/identities.ts';
import { findInvitationByToken } from '../../storage/invitations.ts';
import { adoptUpstreamSession } from '../../storage/upstream-sessions.ts';
import { expectAdmitted } from '../admission.ts';
import { Refusal } from '../connector.ts';
import type { Connectors } from '../connectors.ts';
import { expectHomeRealm } from '../home-realm.ts';
import { linkIdentity } from '../identities/link-identity.ts';
import { type NewAccountDeps, profileOf } from '../identities/new-account.ts';
import { findPending, keepPending, type PendingDeps } from '../identities/pending-identity.ts';
import { beginUpstreamSession } from '../sessions/upstream-session.ts';
import { keepRefreshToken } from '../sessions/upstream-tokens.ts';
import type { Answered } from './callback.ts';
import type { Attempt } from './kept-attempts.ts';
import { recordRefusal, refuseSignIn } from './refuse-sign-in.ts';

export interface AnswerDeps extends NewAccountDeps, PendingDeps, WelcomeDeps {
  connectors: Connectors;
  findSession(ctx: Context): Promise<{ accountId: string; uid: string } | undefined>;
}

/** Goes on with an identity that the upstream vouched for. Throws a Refusal when it leads nowhere. */
export async function goOnWith(ctx: Context, deps: AnswerDeps, answered: Answered): Promise<void> {
  expectAdmitted(answered.connector, answered.identity);
  const { purpose } = answered.attempt;
  switch (purpose.kind) {
    case 'sign-in': {
      const owner = `interaction:${purpose.interactionUid}` as const;
      await keepPending(deps, owner, pendingOf(answered));
      return lead(ctx, `/interaction/${purpose.interactionUid}/identity`);
    }
    case 'proof':
      return prove(ctx, deps, answered, purpose.interactionUid);
    case 'link':
      return link(ctx, deps, answered, purpose);
    case 'invitation':
      return accept(ctx, deps, answered, purpose.token);
    case 'sign-out':
      throw new Error('the way back from a sign-out brings no identity');
  }
}

function pendingOf({ connector, identity, refreshToken }: Answered) {
  const isKept = connector.settings.store_tokens;
  return {
    connectorId: connector.id,
    identity,
    ...(isKept && refreshToken ? { refreshToken } : {}),
  };
}

async function prove(
  ctx: Context,
  deps: AnswerDeps,
  { connector, identity }: Answered,
  uid: string,
): Promise<void> {
  const { issuer, subject } = identity;
  const owner = `interaction:${uid}` as const;
  const pending = await findPending(deps, owner, { forUpdate: true });
  const known = await findIdentity(deps.db, { connector_id: connector.id, issuer, subject });
  if (!known)
    throw new Refusal('wrong_account', 'the identity that came as a proof has no account');
  if (pending) await keepPending(deps, owner, { ...pending, provenAccountId: known.account_id });
  lead(ctx, `/interaction/${uid}/identity`);
}

async function link(
  ctx: Context,
  deps: AnswerDeps,
  answered: Answered,
  purpose: Attempt['purpose'] & { kind: 'link' },
): Promise<void> {
  const session = await deps.findSession(ctx);
  if (session?.uid !== purpose.sessionUid || session.accountId !== purpose.accountId)
    throw new Refusal('wrong_account', 'the session that asked for the link has ended');
  await keepPending(deps, `session:${session.uid}`, pendingOf(answered));
  lead(ctx, '/account/identities/confirm');
}

async function accept(
  ctx: Context,
  deps: AnswerDeps,
  answered: Answered,
  token: string,
): Promise<void> {
  const { connector, identity } = answered;
  const { givenName, familyName } = profileOf(connector, identity);
  const invited = await findInvitationByToken(deps.db, token);
  if (invited) await expectHomeRealm(deps.connectors, connector, invited.email);
  let upstream: string | undefined;
  const { account, invitation } = await acceptInvitation(deps, token, {
    ...{ givenName: givenName || undefined, familyName: familyName || undefined },
    language: languageOf(ctx),
    linkIdentity: async (created) => {
      const linked = { account: created, identity, proof: 'invitation' } as const;
      const row = await linkIdentity(deps, connector, linked);
      await keepRefreshToken(deps, row.id, pendingOf(answered).refreshToken);
      upstream = await beginUpstreamSession(deps, row, identity);
    },
  });
  const welcomed = { account, invitation, amr: identity.amr ?? [] };
  const { uid } = await welcomeInvited(ctx, deps, welcomed);
  if (upstream) await adoptUpstreamSession(deps.db, upstream, uid);
}

/** Goes on without an identity: back to the page that began it, with the reason. */
export async function goOnWithout(
  ctx: Context,
  failed: { connectorId: string; attempt: Attempt; refusal: Refusal },
): Promise<void> {
  const { connectorId, refusal } = failed;
  const { purpose } = failed.attempt;
  if (purpose.kind === 'sign-out') throw refusal;
  if (purpose.kind === 'sign-in' || purpose.kind === 'proof') {
    const { interactionUid } = purpose;
    return refuseSignIn(ctx, { interactionUid, connectorId }, refusal);
  }
  const accountId = purpose.kind === 'link' ? purpose.accountId : undefined;
  recordRefusal(ctx, refusal, { connectorId, accountId });
  const page = new URLSearchParams({ refused: refusal.reason, connector: connectorId });
  if (purpose.kind === 'link') return lead(ctx, `/account/identities?${page}`);
  page.set('token', purpose.token);
  lead(ctx, `/invitation?${page}`);
}

function lead(ctx: Context, path: string): void {
  ctx.status = 303;
  ctx.redirect(path);
}
