// What one core signs with node:crypto and nothing around it: no token server is faster than that.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Algorithm } from './scenario.ts';

/** About what a token's header and payload make. */
const DATA = Buffer.alloc(600, 'x');

const keys = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  Ed25519: generateKeyPairSync('ed25519').privateKey,
} satisfies Record<Algorithm, KeyObject>;

/** Signatures a second, measured for `seconds`. */
export function signingRate(algorithm: Algorithm, seconds: number): number {
  const key = keys[algorithm];
  const hash = algorithm === 'Ed25519' ? null : 'sha256';
  const begun = performance.now();
  let count = 0;
  for (; performance.now() - begun < seconds * 1000; count += 1)
    sign(hash, DATA, { key, dsaEncoding: 'ieee-p1363' });
  return (count * 1000) / (performance.now() - begun);
}
