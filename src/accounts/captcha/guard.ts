// A form behind a CAPTCHA: it offers every configured kind, and one right answer is enough.
import type { Context } from 'koa';
import { translate } from '../../http/i18n.ts';
import type { CaptchaFields } from '../../http/views.ts';
import type { CaptchaKind, CaptchaPlace, CaptchaProblem } from './contract.ts';

export interface CaptchaGuard {
  /** False: no kind is configured, and every form passes. */
  isOffered: boolean;
  /** What the form shows; undefined when no kind is configured. `problem` is a sentence about it. */
  show(
    ctx: Context,
    place: CaptchaPlace,
    problem?: string | undefined,
  ): Promise<CaptchaFields | undefined>;
  /** Uses the answers up; undefined when one is right, else a sentence that says what to do. */
  check(
    ctx: Context,
    place: CaptchaPlace,
    fields: Record<string, unknown>,
  ): Promise<string | undefined>;
}

/** Creates the guard of the configured kinds. */
export function createCaptchaGuard(kinds: CaptchaKind[]): CaptchaGuard {
  const [first, ...others] = kinds;
  return {
    isOffered: first !== undefined,
    async show(ctx, place, problem) {
      if (!first) return undefined;
      const fields = await Promise.all(kinds.map((kind) => kind.challenge(ctx, place)));
      return { fields, ...(problem ? { problem } : {}) };
    },
    async check(ctx, place, fields) {
      if (!first) return undefined;
      const missing = { key: others.length > 0 ? 'captcha.missing' : first.missing };
      const problem = await problemOf(kinds, ctx, place, fields, missing);
      return problem && translate(ctx)(problem.key);
    },
  };
}

async function problemOf(
  kinds: CaptchaKind[],
  ctx: Context,
  place: CaptchaPlace,
  fields: Record<string, unknown>,
  missing: CaptchaProblem,
): Promise<CaptchaProblem | undefined> {
  let problem = missing;
  for (const kind of kinds) {
    const answer = kind.answerIn(fields);
    if (answer === undefined) continue;
    const found = await kind.verify(ctx, place, answer, fields);
    if (!found) return undefined;
    problem = found;
  }
  return problem;
}
