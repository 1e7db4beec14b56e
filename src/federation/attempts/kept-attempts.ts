// Attempts between their beginning and the callback: stored once, bound to the browser.
import { createHash, randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import type { Database } from '../../storage/database.ts';
import { findAttempt, insertAttempt, keepAnswer } from '../../storage/federation-attempts.ts';
import { seal, unseal } from '../../storage/sealed-value.ts';
import type { AuthorizationHints } from '../connector.ts';
import type { Connector } from '../connectors.ts';
import { refusalOf } from '../refusals.ts';
import type { Upstreams } from '../upstreams/upstreams.ts';
import { type AttemptSecrets, authorizationUrl } from './attempt.ts';

/** What a trip is for: where its answer leads. */
export type Purpose =
  /** Whoever it is signs in at this interaction. */
  | { kind: 'sign-in'; interactionUid: string }
  /** The owner of an account proves it, to give it the identity that waits at this interaction. */
  | { kind: 'proof'; interactionUid: string }
  /** Who is signed in at My account wants one more way to sign in. */
  | { kind: 'link'; accountId: string; sessionUid: string }
  | { kind: 'invitation'; token: string }
  /** The session there is ended; then the browser goes on. */
  | { kind: 'sign-out'; returnTo: string };

export interface Attempt extends Omit<AttemptSecrets, 'state'> {
  purpose: Purpose;
  /** Names the cookie that binds it to the browser. */
  browserId: string;
  /** In seconds; set where the client asked for a sign-in that is not older. */
  oldestAuthTime?: number | undefined;
}

export interface AttemptDeps {
  db: Database;
  encryptionKeys: Buffer[];
  upstreams: Upstreams;
  browser: {
    bind(ctx: Context, id: string): void;
    isBound(ctx: Context, id: string): boolean;
  };
}

/**
 * Begins an attempt in this browser and returns where the browser goes. Throws a Refusal when the
 * upstream cannot be used.
 */
export async function beginAttempt(
  ctx: Context,
  deps: AttemptDeps,
  connector: Connector,
  { purpose, hints = {} }: { purpose: Purpose; hints?: AuthorizationHints },
): Promise<URL> {
  const { url, secrets } = await prepare(deps, connector, hints);
  const { state, ...others } = secrets;
  const attempt = { ...others, purpose, oldestAuthTime: oldestAuthTime(hints) };
  await keepAttempt(ctx, deps, { connectorId: connector.id, state, attempt });
  return url;
}

/** Keeps an attempt, and binds it to this browser. */
export async function keepAttempt(
  ctx: Context,
  deps: AttemptDeps,
  {
    connectorId,
    state,
    attempt,
  }: { connectorId: string; state: string; attempt: Omit<Attempt, 'browserId'> },
): Promise<void> {
  const browserId = browserIdOf(attempt.purpose);
  const sealed = sealFor(deps, state, JSON.stringify({ ...attempt, browserId }));
  await insertAttempt(deps.db, { state, connectorId, sealed });
  deps.browser.bind(ctx, browserId);
}

// One cookie for all that a person begins for one purpose: whoever goes there and back a hundred times
// would otherwise carry a hundred of them. An interaction has a cookie of its own already.
function browserIdOf(purpose: Purpose): string {
  if (purpose.kind === 'sign-in' || purpose.kind === 'proof') return purpose.interactionUid;
  if (purpose.kind === 'sign-out') return randomBytes(12).toString('hex');
  const owner = purpose.kind === 'link' ? purpose.sessionUid : purpose.token;
  return createHash('sha256').update(`${purpose.kind}\n${owner}`).digest('hex');
}

// The clocks of two machines may differ by that much.
const CLOCK_SECONDS = 60;

function oldestAuthTime({ prompt, maxAge }: AuthorizationHints): number | undefined {
  const age = prompt === 'login' ? 0 : maxAge;
  return age === undefined ? undefined : Math.floor(Date.now() / 1000) - age - CLOCK_SECONDS;
}

async function prepare(
  { upstreams }: AttemptDeps,
  connector: Connector,
  hints: AuthorizationHints,
) {
  try {
    return await authorizationUrl(connector, await upstreams.open(connector), hints);
  } catch (error) {
    throw refusalOf(connector.kind, error);
  }
}

/** Keeps what a cross-site POST brought: the browser sends its cookies only with the next GET. */
export function keepPostedAnswer(
  deps: Pick<AttemptDeps, 'db' | 'encryptionKeys'>,
  connectorId: string,
  answer: URLSearchParams,
): Promise<boolean> {
  const state = answer.get('state') ?? '';
  const sealed = sealFor(deps, state, answer.toString());
  return keepAnswer(deps.db, { state, connectorId, sealed });
}

/** The attempt of a state, with the answer that was posted, if one was. It is not used up. */
export async function openAttempt(
  deps: Pick<AttemptDeps, 'db' | 'encryptionKeys'>,
  state: string,
): Promise<{ connectorId: string; attempt: Attempt; posted?: URLSearchParams } | undefined> {
  const row = await findAttempt(deps.db, state);
  if (!row) return undefined;
  const open = (sealed: Buffer) => unseal(deps.encryptionKeys, sealed, contextOf(state));
  return {
    connectorId: row.connector_id,
    attempt: JSON.parse(open(row.sealed)),
    ...(row.answer ? { posted: new URLSearchParams(open(row.answer)) } : {}),
  };
}

function sealFor(
  { encryptionKeys }: Pick<AttemptDeps, 'encryptionKeys'>,
  state: string,
  text: string,
): Buffer {
  const [key] = encryptionKeys;
  if (!key) throw new Error('no encryption key is configured');
  return seal(key, text, contextOf(state));
}

const contextOf = (state: string) => `federation attempt ${state}`;
