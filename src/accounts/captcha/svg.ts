// A picture of letters, drawn here: no third party sees who signs up.
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import svgCaptcha from 'svg-captcha';
import { insertCaptchaChallenge, takeCaptchaChallenge } from '../../storage/captcha-challenges.ts';
import type { Database } from '../../storage/database.ts';
import { type CaptchaKind, type CaptchaPlace, textOf } from './contract.ts';

const SECONDS = 10 * 60;

/** The answer is stored as a keyed hash that names its form. */
export function createSvgCaptcha(deps: { db: Database; key: Buffer }): CaptchaKind {
  const hash = (id: string, { action, binding }: CaptchaPlace, answer: string) =>
    createHmac('sha256', deps.key)
      .update(`captcha\n${id}\n${action}\n${binding}\n${answer.trim().toLowerCase()}`)
      .digest();
  return {
    async challenge(_ctx, place) {
      const id = randomUUID();
      const { data, text } = svgCaptcha.create({
        ...{ size: 6, noise: 3, width: 240, height: 72, fontSize: 64 },
        // What one person reads as another.
        ignoreChars: '0oO1iIlL5sS2zZ8B',
        ...{ color: true, background: '#ffffff' },
      });
      await insertCaptchaChallenge(deps.db, {
        ...{ id, answer: hash(id, place, text), seconds: SECONDS },
      });
      const picture = `data:image/svg+xml;base64,${Buffer.from(data).toString('base64')}`;
      return { kind: 'svg', id, picture };
    },
    answerIn: (fields) => textOf(fields['captcha_answer']).trim() || undefined,
    async verify(_ctx, place, answer, fields) {
      const id = textOf(fields['captcha_id']);
      const expected = await takeCaptchaChallenge(deps.db, id);
      return expected !== undefined && isSame(expected, hash(id, place, answer));
    },
  };
}

function isSame(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
