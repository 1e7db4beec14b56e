// How a client proves itself to Microsoft Entra: by a certificate (preferred) or a secret.
import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { importPKCS8 } from 'jose';
import * as client from 'openid-client';
import { Refusal, type Upstream } from '../connector.ts';
import { secretReference } from '../settings.ts';
import { secretOf } from '../upstreams/openid-upstream.ts';

/** The settings of a credential besides client_secret. */
export const credentialSettings = {
  /** PEM; uploaded to the application's registration. */
  certificate: secretReference.optional(),
  /** PEM, of the certificate. */
  private_key: secretReference.optional(),
};

export interface CredentialSettings {
  certificate?: string | undefined;
  private_key?: string | undefined;
}

/** What is wrong with the credentials, taken together. */
export function credentialProblems(
  settings: CredentialSettings & { client_secret?: string | undefined },
): string[] {
  const { certificate, client_secret, private_key } = settings;
  if (Boolean(certificate) !== Boolean(private_key))
    return ['private_key: a certificate and its private_key are set together'];
  if (Boolean(certificate) === Boolean(client_secret))
    return ['client_secret: set either it, or certificate and private_key'];
  return [];
}

/** Prepares the authentication. Throws a Refusal when the certificate cannot be used. */
export async function clientAuthentication(
  upstream: Upstream<CredentialSettings>,
): Promise<client.ClientAuth> {
  const { certificate, private_key } = upstream.settings;
  if (!certificate || !private_key) return client.ClientSecretPost(secretOf(upstream));
  const ours = readCertificate(upstream.readSecret(certificate));
  const key = readPrivateKey(upstream.readSecret(private_key));
  if (!ours.checkPrivateKey(key)) throw unusable('private_key is not the key of certificate.');
  const signer = await importSigner(key);
  // Which of the certificates that were uploaded it is.
  const thumbprint = createHash('sha256').update(ours.raw).digest('base64url');
  return (server, ...request) =>
    client.PrivateKeyJwt(signer, {
      [client.modifyAssertion](header, payload) {
        Object.assign(header, { typ: 'JWT', 'x5t#S256': thumbprint });
        // The issuer may be a template: Entra wants its token endpoint.
        if (server.token_endpoint) payload['aud'] = server.token_endpoint;
      },
    })(server, ...request);
}

function readCertificate(pem: string): X509Certificate {
  const read = attempt(() => new X509Certificate(pem), 'certificate is no certificate in PEM.');
  const now = new Date();
  if (read.validToDate < now)
    throw unusable(
      `The certificate expired on ${read.validToDate.toISOString()}: make a new one, upload it to the application's registration, and set it here.`,
    );
  if (read.validFromDate > now)
    throw unusable(`The certificate is not valid before ${read.validFromDate.toISOString()}.`);
  return read;
}

function readPrivateKey(pem: string): KeyObject {
  const key = attempt(() => createPrivateKey(pem), 'private_key is no unencrypted key in PEM.');
  if (key.asymmetricKeyType !== 'rsa')
    throw unusable('Microsoft Entra accepts certificates with an RSA key only.');
  return key;
}

// PS256, as Microsoft's documentation of certificate credentials asks for.
function importSigner(key: KeyObject): Promise<CryptoKey> {
  return importPKCS8(key.export({ type: 'pkcs8', format: 'pem' }).toString(), 'PS256');
}

function attempt<Read>(read: () => Read, otherwise: string): Read {
  try {
    return read();
  } catch {
    // What OpenSSL says of it may quote it.
    throw unusable(otherwise);
  }
}

const unusable = (advice: string) => new Refusal('misconfigured', advice);
