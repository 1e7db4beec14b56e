// Proof of work: the browser computes for a moment, and nobody has to read or hear anything.
import { createHmac, randomUUID } from 'node:crypto';
import { createChallenge, extractParams, verifySolution } from 'altcha-lib/v1';
import { insertCaptchaChallenge, takeCaptchaChallenge } from '../../storage/captcha-challenges.ts';
import type { Database } from '../../storage/database.ts';
import { type CaptchaKind, type CaptchaPlace, textOf } from './contract.ts';

const SECONDS = 10 * 60;
// Half of it on average: about a second on a telephone, a tenth of that on a desk.
const MAX_NUMBER = 50_000;

/** The challenge is signed, names its form, and is taken from the database when it is solved. */
export function createAltchaCaptcha(deps: { db: Database; key: Buffer }): CaptchaKind {
  const hmacKey = createHmac('sha256', deps.key).update('altcha').digest('base64url');
  const mark = (id: string, { action, binding }: CaptchaPlace) =>
    createHmac('sha256', deps.key).update(`altcha\n${id}\n${action}\n${binding}`).digest();
  return {
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
      const id = challengeId(answer);
      const expected = id ? await takeCaptchaChallenge(deps.db, `altcha ${id}`) : undefined;
      if (!id || !expected?.equals(mark(id, place))) return false;
      return verifySolution(answer, hmacKey);
    },
  };
}

function challengeId(payload: string): string | undefined {
  try {
    return extractParams(payload)['id'];
  } catch {
    return undefined;
  }
}
