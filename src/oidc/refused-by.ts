// Which rule refused a request, beside the error that says so in words.
import type { Rule } from '../applications/refusals/rules.ts';
import type { RefusalDetail } from '../storage/refusals.ts';

export interface Reason {
  rule: Rule;
  detail: RefusalDetail;
}

const reasons = new WeakMap<object, Reason>();

/** Marks an error, or what belongs to one request, with the rule that is behind it. */
export function refusedBy<T extends object>(error: T, rule: Rule, detail: RefusalDetail = {}): T {
  reasons.set(error, { rule, detail });
  return error;
}

/** The rule that an error was marked with. */
export function reasonOf(error: object): Reason | undefined {
  return reasons.get(error);
}
