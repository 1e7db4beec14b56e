// A jwks_uri: the application publishes its public keys itself (RFC 7591 section 2), and may replace
// them there without asking anybody.
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { setJwksUri } from '../../storage/credentials.ts';
import type { Database } from '../../storage/database.ts';
import type { AnyActor } from '../actor.ts';
import { record } from '../record.ts';
import { publicKeysProblem } from '../registration/public-keys.ts';
import { expectRunning } from './add-credential.ts';

/** Asks the world outside; see http/outgoing. Rejects with a sentence. */
export type FetchKeys = (address: string, options?: RequestInit) => Promise<Response>;

const MAX_LENGTH = 500;
const keySet = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

/**
 * Sets where the keys of a client are published; undefined: nowhere. Asks there first. Throws 400
 * that says what is wrong, 403 when the client is stopped, 404 when there is none.
 */
export async function publishKeys(
  { db, fetchKeys }: { db: Database; fetchKeys: FetchKeys },
  actor: AnyActor,
  { clientId, url }: { clientId: string; url: string | undefined },
): Promise<void> {
  const problem = url === undefined ? undefined : await findProblem(fetchKeys, url);
  if (problem)
    throw new AppError(400, 'invalid_request', `jwks_uri ${problem}`, {
      key: 'credential.uri-wrong',
      values: { problem },
    });
  const client = await expectRunning(db, clientId);
  if (client.jwksUri === url) return;
  await record(db, actor, {
    type: 'credential.published',
    clientId,
    applicationId: client.applicationId,
    data: { jwks_uri: url ?? null },
  });
  await setJwksUri(db, clientId, url);
}

async function findProblem(fetchKeys: FetchKeys, address: string): Promise<string | undefined> {
  const url = URL.parse(address);
  if (!url || address.length > MAX_LENGTH || url.hash || url.username || url.password)
    return `must be an https URL of at most ${MAX_LENGTH} characters, without user name and fragment`;
  try {
    const answer = await fetchKeys(url.href, { headers: { Accept: 'application/json' } });
    if (answer.status !== 200) return `answers with status ${answer.status}`;
    const read = keySet.safeParse(await answer.json());
    return read.success ? publicKeysProblem(read.data) : 'does not answer with a JSON Web Key Set';
  } catch (error) {
    return error instanceof SyntaxError
      ? 'does not answer with JSON'
      : `cannot be read: ${error instanceof Error ? error.message : error}`;
  }
}
