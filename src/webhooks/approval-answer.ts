// The answer of the approval webhook: it may decide on the subscription that it was told of.
import { z } from 'zod';
import type { Sent } from './send.ts';

export interface Decision {
  subscriptionId: string;
  decision: 'approve' | 'reject';
  reason: string;
}

/**
 * Decides in a transaction of its own. Answers why it did not, such as for a subscription that waits for
 * no decision any more: a replay or a late answer decides nothing twice.
 */
export type Decide = (decision: Decision) => Promise<string | undefined>;

// The owners of the application read it.
const NO_REASON = 'No reason was given.';
const answer = z.object({
  decision: z.enum(['approve', 'reject']),
  reason: z.string().trim().max(1000).optional(),
});
const submitted = z.object({ subscription_id: z.string() });

/** Takes the decision that an answer holds, if it is a 200 that holds one; answers what the log says of it. */
export async function decideByAnswer(
  decide: Decide,
  event: { type: string; data: unknown },
  sent: Sent,
): Promise<string> {
  if (event.type !== 'subscription.submitted' || sent.attempt.status !== 200) return '';
  const subscription = submitted.safeParse(event.data);
  if (!subscription.success || sent.body.trim() === '') return '';
  const given = answer.safeParse(readJson(sent.body));
  if (!given.success) return '; it holds no decision that we understand';
  const { decision, reason } = given.data;
  const subscriptionId = subscription.data.subscription_id;
  const refusal = await decide({ subscriptionId, decision, reason: reason || NO_REASON });
  return refusal === undefined ? `; decided: ${decision}` : `; not decided: ${refusal}`;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
