// What every kind of CAPTCHA is. A new kind is one file and one line in kinds.ts; the contract suite
// runs over it unasked.
import type { Context } from 'koa';
import type { CaptchaField } from '../../http/views.ts';

/** Where the answer will be used, and nowhere else: which form, and whose. */
export interface CaptchaPlace {
  action: 'sign-up' | 'reset' | 'sign-in';
  binding: string;
}

/** The key of a sentence that says what to do. */
export interface CaptchaProblem {
  key: string;
}

export interface CaptchaKind {
  /** The key of what is said when this kind is the only one and was not answered. */
  missing: string;
  /** Makes what the form shows. */
  challenge(ctx: Context, place: CaptchaPlace): Promise<CaptchaField>;
  /** The answer among the posted fields; undefined when this kind was not answered. */
  answerIn(fields: Record<string, unknown>): string | undefined;
  /**
   * Checks an answer, in the running unit of work, and uses it up, right or wrong; undefined when it
   * is right. Whoever has to check it cannot be reached: nobody passes, and the problem says so.
   */
  verify(
    ctx: Context,
    place: CaptchaPlace,
    answer: string,
    fields: Record<string, unknown>,
  ): Promise<CaptchaProblem | undefined>;
}

/** A posted field as text. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 4096) : '';
}

/** Whether a posted id can be one of ours: others are not looked for. */
export function isChallengeId(id: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
}
