// What the answer of the approval webhook does: the webhooks know nothing of subscriptions.
import type { RegistrationDeps } from '../../applications/registration/register-client.ts';
import { decide } from '../../applications/subscriptions/decide.ts';
import { AppError } from '../../errors.ts';
import { createMetadataValidator } from '../../oidc/metadata-validator.ts';
import { findSubscription } from '../../storage/subscriptions.ts';
import { commitWork } from '../../storage/unit-of-work.ts';
import type { Decide } from '../../webhooks/approval-answer.ts';

/** Decides on subscriptions that wait for a webhook, each once, in a transaction of its own. */
export function createApprovalDecision(deps: Omit<RegistrationDeps, 'validate'>): Decide {
  // Made when it is first needed: it costs a key.
  let validator: ReturnType<typeof createMetadataValidator> | undefined;
  return async ({ subscriptionId, decision, reason }) => {
    validator ??= createMetadataValidator();
    const full = { ...deps, validate: await validator };
    try {
      await commitWork(deps.db.knex, async () => {
        const subscription = await findSubscription(deps.db, subscriptionId);
        if (!subscription) throw new AppError(404, 'not_found', 'The subscription is gone.');
        await decide(full, { kind: 'webhook' }, { subscription, decision, reason });
      });
      return undefined;
    } catch (error) {
      // It is decided already, or nothing can be decided about it: so it will be at the next attempt.
      if (error instanceof AppError && error.status < 500) return error.message;
      throw error;
    }
  };
}
