// What both servers are given, so that they do the same work: APIs, a client of each kind, a person.
import { createHash, randomBytes } from 'node:crypto';

export const ALGORITHMS = ['RS256', 'ES256', 'Ed25519'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** The API whose tokens are signed by an algorithm. */
export const resourceOf = (algorithm: Algorithm) =>
  `https://${algorithm.toLowerCase()}.api.example.com`;
export const API_SCOPE = 'orders.read';
export const TOKEN_SECONDS = 600;
export const REDIRECT_URI = 'https://portal.example.com/callback';

export interface BenchClient {
  id: string;
  /** Public clients have none. */
  secret?: string | undefined;
}

export interface Clients {
  machine: BenchClient;
  web: BenchClient;
  spa: BenchClient;
}

export interface Person {
  email: string;
  password: string;
}

/** One PKCE pair does for all requests: its length is what costs. RFC 7636. */
export const VERIFIER = randomBytes(32).toString('base64url');
export const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');
