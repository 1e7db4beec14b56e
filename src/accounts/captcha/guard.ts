// A form behind a CAPTCHA: it offers every configured kind, and one right answer is enough.
import type { Context } from 'koa';
import { translate } from '../../http/i18n.ts';
import type { CaptchaFields } from '../../http/views.ts';
import type { CaptchaKind, CaptchaPlace } from './contract.ts';

export interface CaptchaGuard {
  /** What the form shows; undefined when no kind is configured. `problem` is a sentence about it. */
  show(
    ctx: Context,
    place: CaptchaPlace,
    problem?: string | undefined,
  ): Promise<CaptchaFields | undefined>;
  /** Uses the answer up; undefined when it is right, else a sentence that says what to do. */
  check(
    ctx: Context,
    place: CaptchaPlace,
    fields: Record<string, unknown>,
  ): Promise<string | undefined>;
}

/** Creates the guard of the configured kinds. */
export function createCaptchaGuard(kinds: CaptchaKind[]): CaptchaGuard {
  return {
    async show(ctx, place, problem) {
      if (kinds.length === 0) return undefined;
      const fields = await Promise.all(kinds.map((kind) => kind.challenge(ctx, place)));
      return { fields, ...(problem ? { problem } : {}) };
    },
    async check(ctx, place, fields) {
      if (kinds.length === 0) return undefined;
      for (const kind of kinds) {
        const answer = kind.answerIn(fields);
        if (answer === undefined) continue;
        const right = await kind.verify(ctx, place, answer, fields);
        return right ? undefined : translate(ctx)('captcha.wrong');
      }
      return translate(ctx)('captcha.missing');
    },
  };
}
