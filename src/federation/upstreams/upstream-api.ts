// Questions about the person to an upstream's API, with the access token that we were just given.
import * as client from 'openid-client';
import type { z } from 'zod';
import { Refusal, type Tokens } from '../connector.ts';

/** With what an API is asked. */
export interface ApiAccess {
  configuration: client.Configuration;
  tokens: Tokens;
}

/** Asks for JSON of a certain shape. Throws a Refusal when something else comes back. */
export async function askApi<T>(access: ApiAccess, url: URL, shape: z.ZodType<T>): Promise<T> {
  const answer = await askApiIfAllowed(access, url, shape);
  if (answer !== undefined) return answer;
  throw new Refusal(
    'refused',
    `${placeOf(url)} is not open to the access token: check the scopes.`,
  );
}

/** The same; undefined where the access token does not reach. */
export async function askApiIfAllowed<T>(
  { configuration, tokens }: ApiAccess,
  url: URL,
  shape: z.ZodType<T>,
): Promise<T | undefined> {
  const response = await send(configuration, tokens.access_token, url);
  if (!response || [401, 403, 404].includes(response.status)) return undefined;
  if (!response.ok)
    throw new Refusal(reasonOf(response.status), `${placeOf(url)} answered ${response.status}.`);
  const answer = shape.safeParse(await bodyOf(response, url));
  if (answer.success) return answer.data;
  const fields = answer.error.issues.map(({ path }) => path.join('.') || 'all of it');
  throw new Refusal('invalid_answer', `${placeOf(url)} answered oddly: ${fields.join(', ')}.`);
}

async function send(
  configuration: client.Configuration,
  accessToken: string,
  url: URL,
): Promise<Response | undefined> {
  // GitHub refuses whoever does not say who they are.
  const headers = new Headers({ accept: 'application/json', 'user-agent': 'Gatehouse' });
  try {
    return await client.fetchProtectedResource(
      ...([configuration, accessToken, url, 'GET', undefined, headers] as const),
    );
  } catch (error) {
    if (error instanceof client.WWWAuthenticateChallengeError) return undefined;
    throw error;
  }
}

async function bodyOf(response: Response, url: URL): Promise<unknown> {
  try {
    return await response.json();
  } catch (cause) {
    throw new Refusal('unavailable', `${placeOf(url)} answered with something other than JSON.`, {
      cause,
    });
  }
}

// Too many requests are a trouble that passes.
const reasonOf = (status: number) =>
  status >= 400 && status < 500 && status !== 429 ? 'refused' : 'unavailable';

// Without the query, which may hold a proof.
const placeOf = ({ origin, pathname }: URL) => `${origin}${pathname}`;
