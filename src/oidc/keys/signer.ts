// How a key signs. The library would hand every signature to WebCrypto, and so to the thread pool,
// where password hashes queue; for the small curves that hop alone costs more than the signature.
import { constants, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { derToJose } from 'ecdsa-sig-formatter';
import type { JWK } from 'jose';
import { ExternalSigningKey } from 'oidc-provider';
import type { SigningAlg } from '../../storage/apis.ts';

const signInPool = promisify(sign);

/** JWS signatures (RFC 7518 section 3, RFC 8037) with a private key. RSA takes a millisecond: not here. */
const SIGNATURES: Record<
  SigningAlg,
  (key: KeyObject, data: Uint8Array) => Uint8Array | Promise<Uint8Array>
> = {
  // OpenSSL's own encoding, converted: asking Node for the other one takes twice as long.
  ES256: (key, data) => Buffer.from(derToJose(sign('sha256', data, key), 'ES256'), 'base64url'),
  Ed25519: (key, data) => sign(null, data, key),
  RS256: (key, data) => signInPool('sha256', data, key),
  PS256: (key, data) =>
    signInPool('sha256', data, {
      key,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    }),
};

/** A signing key in the shape that the library takes beside private JWKs. */
export function createSigner(privateJwk: JWK, kid: string, alg: SigningAlg): ExternalSigningKey {
  const key = createPrivateKey({ key: privateJwk, format: 'jwk' });
  const publicKey = createPublicKey(key);
  return new (class extends ExternalSigningKey {
    override get kid() {
      return kid;
    }
    override get alg() {
      return alg;
    }
    override keyObject() {
      return publicKey;
    }
    override sign(data: Uint8Array) {
      return SIGNATURES[alg](key, data);
    }
  })();
}
