// Proof of work: the browser computes for a moment, and nobody has to read or hear anything.
import { createHmac, randomUUID } from 'node:crypto';
import { createChallenge, extractParams, verifySolution } from 'altcha-lib/v1';
import { z } from 'zod';
import { insertCaptchaChallenge, takeCaptchaChallenge } from '../../storage/captcha-challenges.ts';
import type { Database } from '../../storage/database.ts';
import { type CaptchaKind, type CaptchaPlace, isChallengeId, textOf } from './contract.ts';

const SECONDS = 10 * 60;
// Half of it on average: measured at 0.2 to 1 second in Chromium on a busy machine of two cores.
const MAX_NUMBER = 50_000;

const solution = z.object({
  algorithm: z.literal('SHA-256'),
  challenge: z.string(),
  number: z.int().min(0).max(MAX_NUMBER),
  salt: z.string(),
  signature: z.string(),
});

/** The challenge is signed, names its form, and is taken from the database when it is solved. */
export function createAltchaCaptcha(deps: { db: Database; key: Buffer }): CaptchaKind {
  const hmacKey = createHmac('sha256', deps.key).update('altcha').digest('base64url');
  const mark = (id: string, { action, binding }: CaptchaPlace) =>
    createHmac('sha256', deps.key).update(`altcha\n${id}\n${action}\n${binding}`).digest();
  const isRight = async (place: CaptchaPlace, answer: string) => {
    const solved = readSolution(answer);
    const id = solved ? (extractParams(solved)['id'] ?? '') : '';
    if (!solved || !isChallengeId(id)) return false;
    const expected = await takeCaptchaChallenge(deps.db, `altcha ${id}`);
    return expected?.equals(mark(id, place)) === true && (await verifySolution(solved, hmacKey));
  };
  return {
    missing: 'captcha.missing-work',
    async challenge(_ctx, place) {
      const id = randomUUID();
      const challenge = await createChallenge({
        ...{ hmacKey, maxNumber: MAX_NUMBER },
        expires: new Date(Date.now() + SECONDS * 1000),
        params: { id },
      });
      await insertCaptchaChallenge(deps.db, {
        ...{ id: `altcha ${id}`, answer: mark(id, place), seconds: SECONDS },
      });
      return { kind: 'altcha', challenge: JSON.stringify(challenge) };
    },
    answerIn: (fields) => textOf(fields['captcha_work']) || undefined,
    async verify(_ctx, place, answer) {
      return (await isRight(place, answer)) ? undefined : { key: 'captcha.wrong-work' };
    },
  };
}

// The library throws at what is no solution at all.
function readSolution(answer: string): z.infer<typeof solution> | undefined {
  try {
    return solution.parse(JSON.parse(Buffer.from(answer, 'base64').toString()));
  } catch {
    return undefined;
  }
}
