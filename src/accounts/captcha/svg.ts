// A picture of letters, drawn here: no third party sees who signs up.
import { createHmac, randomInt, randomUUID, timingSafeEqual } from 'node:crypto';
import svgCaptcha from 'svg-captcha';
import { insertCaptchaChallenge, takeCaptchaChallenge } from '../../storage/captcha-challenges.ts';
import type { Database } from '../../storage/database.ts';
import { type CaptchaKind, type CaptchaPlace, isChallengeId, textOf } from './contract.ts';

const SECONDS = 10 * 60;
const LENGTH = 6;
// Without what one person reads as another: 0 O Q, 1 I L, 2 Z, 5 S, 6 G, 8 B, U V.
const LETTERS = 'ACDEFHJKMNPRTWXY3479';
const SIZE = { noise: 3, width: 240, height: 72, fontSize: 64 };
// Its types leave out that the package is this function.
const drawLetters = svgCaptcha as unknown as (text: string, options: typeof SIZE) => string;

/** The answer is stored as a keyed hash that names its form. */
export function createSvgCaptcha(deps: { db: Database; key: Buffer }): CaptchaKind {
  const hash = (id: string, { action, binding }: CaptchaPlace, answer: string) =>
    createHmac('sha256', deps.key)
      .update(`captcha\n${id}\n${action}\n${binding}\n${answer.toUpperCase()}`)
      .digest();
  return {
    missing: 'captcha.missing-picture',
    async challenge(_ctx, place) {
      const id = randomUUID();
      // The library would choose them by Math.random, which can be foreseen.
      const text = Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join(
        '',
      );
      await insertCaptchaChallenge(deps.db, {
        ...{ id, answer: hash(id, place, text), seconds: SECONDS },
      });
      return { kind: 'svg', id, picture: draw(text) };
    },
    // People put spaces between letters.
    answerIn: (fields) => textOf(fields['captcha_answer']).replace(/\s/g, '') || undefined,
    async verify(_ctx, place, answer, fields) {
      const id = textOf(fields['captcha_id']);
      const expected = isChallengeId(id) ? await takeCaptchaChallenge(deps.db, id) : undefined;
      const right = expected !== undefined && isSame(expected, hash(id, place, answer));
      return right ? undefined : { key: 'captcha.wrong-picture' };
    },
  };
}

// Dark letters on white, whatever the colours of the page.
function draw(text: string): string {
  const svg = drawLetters(text, SIZE).replace('>', '><rect width="240" height="72" fill="#fff"/>');
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
}

function isSame(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
