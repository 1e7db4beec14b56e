// The fetch of everything that leaves this server: bounded in time, size and number, and in where it
// may go. Who asks gets a whole answer or an OutgoingTrouble.
import { fetch as undiciFetch } from 'undici';
import { createGuardedAgent, type Resolve, resolveName } from './guarded-agent.ts';
import { OutgoingTrouble } from './outgoing-trouble.ts';
import { createTurns } from './turns.ts';

/** fetch with a string as address, as openid-client calls it. Rejects with an OutgoingTrouble only. */
export type OutgoingFetch = (url: string, options?: RequestInit) => Promise<Response>;

/** Where requests may go, and how long they may take (5 s unless it is said). */
export interface OutgoingPolicy {
  privateNetwork: boolean;
  insecure: boolean;
  timeLimitMs?: number;
}

const TIME_LIMIT_MS = 5000;
const MAX_BODY_BYTES = 256 * 1024;
const MAX_REDIRECTS = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const WITHOUT_BODY = new Set([204, 205, 304]);

type Answer = Awaited<ReturnType<typeof undiciFetch>>;

/** What is wrong with a request or its answer, in words that may be logged. */
class Trouble extends Error {}

/**
 * Creates a fetch. Only https, unless `insecure`; only public addresses, unless `privateNetwork`.
 * A GET follows redirects within its origin; any other redirect is an answer like any.
 */
export function createOutgoingFetch(
  policy: OutgoingPolicy,
  resolve: Resolve = resolveName,
): OutgoingFetch {
  const dispatcher = createGuardedAgent(policy, resolve);
  const inTurn = createTurns();

  const send = async (url: URL, options: RequestInit, hops: number): Promise<Answer> => {
    // The types of the package and those of Node's own fetch are declared apart; they are the same.
    const init = { ...options, redirect: 'manual', dispatcher } as Parameters<
      typeof undiciFetch
    >[1];
    const answer = await undiciFetch(url, init);
    const next = hops < MAX_REDIRECTS ? redirectOf(answer, url, options) : undefined;
    if (!next) return answer;
    await answer.body?.cancel();
    return send(next, options, hops + 1);
  };

  return async (address, options = {}) => {
    const limit = startLimit(options.signal, policy.timeLimitMs ?? TIME_LIMIT_MS);
    const { signal } = limit;
    try {
      const url = checkUrl(address, policy);
      return await inTurn(url.origin, signal, async () =>
        readWhole(await send(url, { ...options, signal }, 0)),
      );
    } catch (error) {
      throw unavailable(address, signal.aborted ? signal.reason : error);
    } finally {
      limit.stop();
    }
  };
}

function startLimit(outer: AbortSignal | null | undefined, timeLimitMs: number) {
  const controller = new AbortController();
  const abort = () => controller.abort(new Trouble('took too long'));
  const timer = setTimeout(abort, timeLimitMs);
  if (outer?.aborted) abort();
  outer?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    stop() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', abort);
    },
  };
}

function checkUrl(address: string, policy: OutgoingPolicy): URL {
  const url = URL.parse(address);
  if (!url) throw new Trouble('is no URL');
  if (url.protocol !== 'https:' && !(policy.insecure && url.protocol === 'http:'))
    throw new Trouble('is not asked: its URL must begin with https://');
  if (url.username || url.password) throw new Trouble('is not asked: its URL names a user');
  // Below 1024 listens what speaks something else.
  if (url.port !== '' && url.port !== '80' && Number(url.port) < 1024)
    throw new Trouble(`is not asked at port ${url.port}`);
  return url;
}

// Within its origin only: what the request carries is for nobody else.
function redirectOf(answer: Answer, from: URL, { method = 'GET' }: RequestInit): URL | undefined {
  const location = answer.headers.get('location');
  if (!REDIRECTS.has(answer.status) || location === null || method !== 'GET') return undefined;
  const to = URL.parse(location, from);
  return to?.origin === from.origin && !to.username && !to.password ? to : undefined;
}

// As Node's own Response, complete, with nothing left to wait for.
async function readWhole(answer: Answer): Promise<Response> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) throw new Trouble('answered with more than 256 KiB');
    chunks.push(chunk);
  }
  const headers = new Headers([...answer.headers]);
  // They describe the body as it was sent.
  for (const name of ['content-encoding', 'content-length']) headers.delete(name);
  const body = WITHOUT_BODY.has(answer.status) ? null : Buffer.concat(chunks);
  return new Response(body, { status: answer.status, headers });
}

const TROUBLES: Record<string, string> = {
  FORBIDDEN_ADDRESS:
    'is not asked: its address is private or reserved (private_network opens private ones)',
  ENOTFOUND: 'has no address: the name is unknown',
  EAI_AGAIN: 'has no address: the resolver does not answer',
  ECONNREFUSED: 'refuses connections',
  ECONNRESET: 'broke the connection off',
  UND_ERR_SOCKET: 'broke the connection off',
  UND_ERR_CONNECT_TIMEOUT: 'took too long',
  CERT_HAS_EXPIRED: 'has an expired certificate',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'has a certificate that nobody vouches for (NODE_EXTRA_CA_CERTS)',
  SELF_SIGNED_CERT_IN_CHAIN: 'has a certificate of an unknown authority (NODE_EXTRA_CA_CERTS)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'sends its certificate without the one between (its chain)',
};

// The host alone is told: paths, queries and headers may hold tokens.
function unavailable(address: string, error: unknown): OutgoingTrouble {
  if (error instanceof OutgoingTrouble) return error;
  const host = URL.parse(address)?.host || 'The address';
  if (error instanceof Trouble) return new OutgoingTrouble(`${host} ${error.message}.`);
  const cause = codedCause(error);
  const trouble =
    TROUBLES[cause?.code ?? ''] ?? `cannot be asked (${cause?.code ?? 'bad request'})`;
  return new OutgoingTrouble(`${host} ${trouble}.`, cause ? { cause } : undefined);
}

// The error of the system below those of the library, which quote what they were given.
function codedCause(error: unknown): NodeJS.ErrnoException | undefined {
  if (!(error instanceof Error)) return undefined;
  const coded: NodeJS.ErrnoException = error;
  return codedCause(error.cause) ?? (typeof coded.code === 'string' ? coded : undefined);
}
