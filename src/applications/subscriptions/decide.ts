// Deciding on a subscription: approve, reject; later suspend and resume.
import { AppError, notFound } from '../../errors.ts';
import { lockApplication } from '../../storage/applications.ts';
import { isApprover, isParty } from '../../storage/approvers.ts';
import type { Database } from '../../storage/database.ts';
import { findProduct, type Product } from '../../storage/products.ts';
import type { Subscription } from '../../storage/subscriptions.ts';
import type { Actor } from '../actor.ts';
import { createProductionClient } from '../create-application.ts';
import type { RegistrationDeps } from '../registration/register-client.ts';
import { endOf } from './subscribe.ts';
import { changeState } from './subscription-state.ts';

export interface Decision {
  subscription: Subscription;
  decision: 'approve' | 'reject';
  /** For the history and the members; a rejection needs one. */
  reason: string;
}

/**
 * Approves or rejects a submitted subscription, in the running transaction. The first production
 * subscription of an application brings its production client. Of two who decide at once one wins.
 *
 * Throws 404 for an account that does not decide on the product; 403 for a member of the application
 * and for another kind of actor than the product waits for; 409 that says what the subscription is by
 * now, or that the application is stopped; 400 for a rejection without a reason.
 */
export async function decide(
  deps: RegistrationDeps,
  actor: Actor,
  { subscription, decision, reason }: Decision,
): Promise<Subscription> {
  const { db } = deps;
  // First: whoever changes the application takes this lock before its subscriptions.
  const application = await lockApplication(db, subscription.applicationId);
  const product = await findProduct(db, subscription.productId);
  if (!application || !product) throw notFound();
  await expectDecider(db, actor, subscription);
  expectRightActor(actor, product);
  if (decision === 'reject') {
    expectReason(reason);
    const change = { state: 'rejected', news: 'rejected', reason } as const;
    return changeState(db, actor, subscription, { ...change, from: ['submitted'] });
  }
  if (application.eraseAt || application.suspendedAt) throw stopped();
  const active = await changeState(db, actor, subscription, {
    ...{ from: ['submitted'], state: 'active', news: 'activated', reason },
    expiresAt: endOf(product, subscription.environment),
  });
  if (active.environment === 'production')
    await createProductionClient(deps, actor, active.applicationId);
  return active;
}

/** Stops the tokens of an active subscription. Throws like `decide`. */
export async function suspendSubscription(
  db: Database,
  actor: Actor,
  { subscription, reason }: { subscription: Subscription; reason: string },
): Promise<Subscription> {
  await expectDecider(db, actor, subscription);
  expectReason(reason);
  const change = { state: 'suspended', news: 'suspended', reason } as const;
  return changeState(db, actor, subscription, { ...change, from: ['active'] });
}

/** Lets the tokens of a suspended subscription be issued again. Throws like `decide`. */
export async function resumeSubscription(
  db: Database,
  actor: Actor,
  { subscription, reason }: { subscription: Subscription; reason: string },
): Promise<Subscription> {
  await expectDecider(db, actor, subscription);
  const change = { state: 'active', news: 'resumed', reason } as const;
  return changeState(db, actor, subscription, { ...change, from: ['suspended'] });
}

/** Throws unless the account decides on the product and neither owns what asks nor asked for it (four eyes). */
async function expectDecider(
  db: Database,
  { kind, accountId = '' }: Actor,
  subscription: Subscription,
): Promise<void> {
  if (kind !== 'account') return;
  if (!(await isApprover(db, accountId, subscription.productId))) throw notFound();
  if (await isParty(db, accountId, subscription))
    throw new AppError(
      403,
      'forbidden',
      'You are one of the owners of this application: somebody else decides on what it asks for.',
      { key: 'approval.own-application' },
    );
}

// What waits for a payment or another system is not let through by a person, except by an operator.
function expectRightActor({ kind }: Actor, { approval }: Product): void {
  const decides = {
    automatic: 'account',
    person: 'account',
    webhook: 'webhook',
    delegation: 'delegation',
  };
  if (kind === 'operator' || kind === decides[approval]) return;
  throw new AppError(
    403,
    'forbidden',
    'Another system decides on this product: it is not decided here.',
    { key: 'approval.decided-elsewhere' },
  );
}

function expectReason(reason: string): void {
  if (reason.trim() === '')
    throw new AppError(
      400,
      'invalid_request',
      'Write why: the owners of the application read it.',
      {
        key: 'approval.reason-missing',
      },
    );
}

function stopped(): AppError {
  return new AppError(
    409,
    'conflict',
    'The application is suspended or deleted: nothing can be approved for it.',
    { key: 'approval.application-stopped' },
  );
}
