// What every kind of CAPTCHA is. A new kind is one file and one line in kinds.ts; the contract suite
// runs over it unasked.
import type { Context } from 'koa';
import type { CaptchaField } from '../../http/views.ts';

/** Where the answer will be used, and nowhere else: which form, and whose. */
export interface CaptchaPlace {
  action: 'sign-up' | 'reset' | 'sign-in';
  binding: string;
}

export interface CaptchaKind {
  /** Makes what the form shows. */
  challenge(ctx: Context, place: CaptchaPlace): Promise<CaptchaField>;
  /** The answer among the posted fields; undefined when this kind was not answered. */
  answerIn(fields: Record<string, unknown>): string | undefined;
  /**
   * Checks an answer, in the running unit of work, and uses it up, right or wrong. Throws 503 when
   * whoever has to check it cannot be reached.
   */
  verify(
    ctx: Context,
    place: CaptchaPlace,
    answer: string,
    fields: Record<string, unknown>,
  ): Promise<boolean>;
}

/** A posted field as text. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 4096) : '';
}
