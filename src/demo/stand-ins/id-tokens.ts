// ID tokens of a stand-in. The emulator gives its people new ids at every start, so that nobody would
// be recognized after a restart: its ID tokens are signed anew with the claims of our people.
import {
  type CryptoKey,
  calculateJwkThumbprint,
  decodeJwt,
  exportJWK,
  generateKeyPair,
  type JSONWebKeySet,
  SignJWT,
} from 'jose';
import type { Person } from './people.ts';

export interface IdTokens {
  jwks: JSONWebKeySet;
  /** Signs a token of the emulator anew, as one about the person of that address. */
  sign(token: string, people: Person[]): Promise<string>;
}

/** Makes a key that lasts until the demo stops; its id changes with it. */
export async function createIdTokens(): Promise<IdTokens> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  return {
    jwks: { keys: [{ ...jwk, kid, use: 'sig', alg: 'RS256' }] },
    sign: (token, people) => signAnew(token, people, { kid, privateKey }),
  };
}

async function signAnew(
  token: string,
  people: Person[],
  { kid, privateKey }: { kid: string; privateKey: CryptoKey },
): Promise<string> {
  const claims = decodeJwt(token);
  const person = people.find(({ email }) => email === claims['email']);
  return new SignJWT({ ...claims, ...person?.claims })
    .setProtectedHeader({ alg: 'RS256', kid, typ: 'JWT' })
    .sign(privateKey);
}
