// Private keys of ours by which an upstream knows us, from PEM.
import { createPrivateKey } from 'node:crypto';
import { importPKCS8 } from 'jose';
import { Refusal, type Upstream } from '../connector.ts';

/** Reads the key of a reference: RSA signs RS256, a curve P-256 ES256. Throws a Refusal for others. */
export async function readClientKey(
  { readSecret }: Pick<Upstream, 'readSecret'>,
  reference: string | undefined,
): Promise<{ key: CryptoKey; alg: string }> {
  if (!reference) throw new Refusal('misconfigured', 'Set private_key.');
  const pem = readSecret(reference);
  try {
    const parsed = createPrivateKey(pem);
    const alg = parsed.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256';
    const pkcs8 = parsed.export({ format: 'pem', type: 'pkcs8' }).toString();
    return { key: await importPKCS8(pkcs8, alg), alg };
  } catch {
    // Whatever the parser says of it may quote it.
    throw new Refusal('misconfigured', 'private_key is no PEM of an RSA or P-256 private key.');
  }
}
