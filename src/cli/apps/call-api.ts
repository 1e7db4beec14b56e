// One request to the developer's API of a server.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ownResource } from '../../catalog/own-api.ts';
import { UsageError } from '../../errors.ts';
import { accessToken, signedOut } from '../login/access-token.ts';

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

const problem = z.object({ error: z.string(), error_description: z.string() });
const ATTEMPTS = 3;
const TIMEOUT_MS = 30_000;

/**
 * Sends it as the developer who is signed in, and returns the JSON of the answer. What creates
 * something carries an idempotency key, so that a lost answer is asked for again and nothing is
 * done twice. Throws a UsageError with the server's own sentence.
 */
export async function callApi(
  { issuer }: { issuer: string },
  method: Method,
  path: string,
  body?: Record<string, unknown>,
): Promise<unknown> {
  const headers: Record<string, string> = {
    Authorization: `Bearer ${await accessToken(issuer)}`,
    Accept: 'application/json',
    ...(body ? { 'Content-Type': 'application/json' } : {}),
    ...(method === 'POST' ? { 'Idempotency-Key': randomUUID() } : {}),
  };
  const url = `${ownResource(issuer)}${path}`;
  const init = { method, headers, redirect: 'error' as const };
  const response = await sendPatiently(url, body ? { ...init, body: JSON.stringify(body) } : init);
  const answer = await readJson(response);
  if (response.ok) return answer;
  if (response.status === 401) throw signedOut(issuer);
  const { success, data } = problem.safeParse(answer);
  throw new UsageError(
    success ? data.error_description : `${issuer} answered with the status ${response.status}.`,
  );
}

// What is safe to repeat: everything here is, for a POST carries a key.
async function sendPatiently(url: string, init: RequestInit): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    const last = attempt === ATTEMPTS;
    try {
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (response.status !== 503 || last) return response;
      await response.body?.cancel();
    } catch (cause) {
      if (last) throw new UsageError(`${new URL(url).origin} cannot be reached.`, { cause });
    }
    await sleep(attempt * 1000);
  }
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
