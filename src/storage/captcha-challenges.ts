// Challenges that wait for their answer: each can be answered once.
import type { Database } from './database.ts';

/** Keeps a challenge in the running unit of work; `answer` is a keyed hash. */
export async function insertCaptchaChallenge(
  db: Database,
  challenge: { id: string; answer: Buffer; seconds: number },
): Promise<void> {
  const query = await db.write();
  await query('captcha_challenges').insert({
    id: challenge.id,
    answer: challenge.answer,
    expires_at: query.raw("now() + ? * interval '1 second'", [challenge.seconds]),
  });
}

/** Takes a challenge away, in the running unit of work, whatever the answer: undefined when it is gone. */
export async function takeCaptchaChallenge(db: Database, id: string): Promise<Buffer | undefined> {
  const query = await db.write();
  // Who comes second waits for the first one's commit and then finds nothing.
  const [row] = await query('captcha_challenges')
    .where({ id })
    .whereRaw('expires_at > now()')
    .delete(['answer']);
  return row?.answer;
}

/** Notes a foreign token as used, in the running unit of work. False: it was used before. */
export async function noteCaptchaToken(db: Database, digest: string): Promise<boolean> {
  const query = await db.write();
  const { rowCount } = await query.raw(
    `INSERT INTO captcha_challenges (id, answer, expires_at)
     VALUES (?, '', now() + interval '1 hour') ON CONFLICT (id) DO NOTHING`,
    [digest],
  );
  return rowCount === 1;
}
