// What every fake upstream is, and how it misbehaves. A fake answers for the real origins of its
// upstream, in this process, so that the addresses in the code are those that are tested.

import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import type { OutgoingFetch } from '../../../src/http/outgoing/outgoing-fetch.ts';

/** The request by which the person's browser comes back to us. */
export interface Callback {
  method: 'GET' | 'POST';
  url: string;
  body?: URLSearchParams;
}

export interface FakeUpstream {
  origins: string[];
  fetch(request: Request): Promise<Response>;
  /** What the person's browser does at the authorization endpoint. Throws on a bad request. */
  authorize(url: URL): Promise<Callback>;
  /** How it misbehaves; `{}`: not at all. */
  faults: Faults;
  /** What it was asked, in order. */
  requests: SeenRequest[];
}

export interface SeenRequest {
  place: Place | undefined;
  method: string;
  url: URL;
  headers: Headers;
  body: string;
}

/** Which of its endpoints: `api` is where the person is described, userinfo too. */
export type Place = 'discovery' | 'keys' | 'token' | 'api';

export const BAD_ANSWERS = [
  'html',
  'truncated',
  'empty',
  'list',
  'status 500',
  'huge',
  'hang',
  'unreachable',
] as const;
export type BadAnswer = (typeof BAD_ANSWERS)[number];

export const BAD_ID_TOKENS = [
  'wrong iss',
  'wrong aud',
  'missing nonce',
  'wrong nonce',
  'expired',
  'unsigned',
  'foreign key',
  'absent',
] as const;
export type BadIdToken = (typeof BAD_ID_TOKENS)[number];

export interface Faults {
  answers?: Partial<Record<Place, BadAnswer>>;
  idToken?: BadIdToken;
  /** The authorization endpoint sends the person back with an error. */
  authorization?: { error: string; error_description?: string };
  /** The token endpoint answers it, as this upstream reports errors. */
  token?: { error: string; error_description?: string; [more: string]: unknown };
  /** `iss` of the callback (RFC 9207). */
  callbackIss?: string;
}

/** A fetch that knows these upstreams and nothing else of the world. */
export function routeTo(fakes: FakeUpstream[]): OutgoingFetch {
  return async (url, options) => {
    const { origin } = new URL(url);
    const fake = fakes.find(({ origins }) => origins.includes(origin));
    if (!fake) throw new TypeError(`fetch failed: no fake upstream answers for ${origin}`);
    return fake.fetch(new Request(url, options));
  };
}

export const json = (body: unknown, status = 200): Response => Response.json(body, { status });

const JSON_TYPE = { headers: { 'content-type': 'application/json' } };
const HUGE = 10 * 1024 * 1024;

/** An answer that is none. */
export async function answerBadly(how: BadAnswer): Promise<Response> {
  switch (how) {
    case 'html': {
      const page = '<!doctype html><title>Please wait</title><h1>Down for maintenance</h1>';
      return new Response(page, { headers: { 'content-type': 'text/html' } });
    }
    case 'truncated':
      return new Response('{"access_token":"abc","id_to', JSON_TYPE);
    case 'empty':
      return new Response('', JSON_TYPE);
    case 'list':
      return json([]);
    case 'status 500':
      return new Response('Internal Server Error', { status: 500 });
    case 'huge':
      return new Response(`{"padding":"${'x'.repeat(HUGE)}"}`, JSON_TYPE);
    case 'hang':
      // The fetch in whose place this one is gives up; it takes five seconds, we do not.
      throw new DOMException('it took too long', 'TimeoutError');
    case 'unreachable':
      throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
  }
}

/** Claims, where undefined leaves one out. */
export type Claims = Record<string, unknown>;

/** The signing keys of an upstream. */
export interface SigningKeys {
  jwks(): Promise<{ keys: object[] }>;
  /** Signs an ID token, or something that must not pass for one. */
  sign(claims: Claims, fault?: BadIdToken): Promise<string>;
  /** From now on, other keys. */
  rotate(): void;
}

type Alg = 'RS256' | 'ES256';

const createKey = async (alg: Alg) => ({
  kid: randomUUID(),
  ...(await generateKeyPair(alg, { extractable: true })),
});

// Making an RSA key takes long enough for all fakes to begin with one and the same.
const firstKeys = new Map<Alg, ReturnType<typeof createKey>>();
function firstKey(alg: Alg) {
  const key = firstKeys.get(alg) ?? createKey(alg);
  firstKeys.set(alg, key);
  return key;
}

export function createSigningKeys(alg: Alg = 'RS256'): SigningKeys {
  let current = firstKey(alg);
  const key = () => current;
  return {
    async jwks() {
      const { kid, publicKey } = await key();
      return { keys: [{ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }] };
    },
    async sign(claims, fault) {
      const now = Math.floor(Date.now() / 1000);
      const payload = { iat: now, exp: now + 300, ...spoil(claims, fault, now) };
      // What is undefined must be left out.
      const sent = JSON.parse(JSON.stringify(payload)) as JWTPayload;
      if (fault === 'unsigned') return new UnsecuredJWT(sent).encode();
      const { kid, privateKey } = await key();
      const signer = fault === 'foreign key' ? (await createKey(alg)).privateKey : privateKey;
      return new SignJWT(sent).setProtectedHeader({ alg, kid, typ: 'JWT' }).sign(signer);
    },
    rotate() {
      current = createKey(alg);
    },
  };
}

function spoil(claims: Claims, fault: BadIdToken | undefined, now: number): Claims {
  switch (fault) {
    case 'wrong iss':
      return { ...claims, iss: 'https://evil.example' };
    case 'wrong aud':
      return { ...claims, aud: 'another-client' };
    case 'missing nonce':
      return { ...claims, nonce: undefined };
    case 'wrong nonce':
      return { ...claims, nonce: randomUUID() };
    case 'expired':
      return { ...claims, iat: now - 7200, exp: now - 3600 };
    default:
      return claims;
  }
}
