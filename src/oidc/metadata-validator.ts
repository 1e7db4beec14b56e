// The library's own schema for client metadata, without a running provider.
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import { AppError } from '../errors.ts';
import type { Client } from '../storage/clients.ts';
import { IDENTITY_SCOPES, toMetadata, usualFace } from './client-metadata.ts';

export type ValidateClient = (client: Client) => Promise<void>;

/** Creates a validator that throws 400 invalid_client_metadata with the library's own sentence. */
export async function createMetadataValidator(): Promise<ValidateClient> {
  const { privateKey } = await generateKeyPair('Ed25519', { extractable: true });
  const provider = new Provider('https://validator.invalid', {
    adapter: () => {
      throw new Error('the validator stores nothing');
    },
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'Ed25519', use: 'sig' } as never] },
    clientDefaults: { id_token_signed_response_alg: 'Ed25519' },
    scopes: IDENTITY_SCOPES,
    responseTypes: ['code'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  });
  // The types hide this static method, which the library itself uses at registration.
  const model = provider.Client as unknown as { validate(metadata: unknown): Promise<void> };
  return async (client) => {
    await model.validate(toMetadata(client, usualFace(client))).catch((cause: unknown) => {
      const text =
        cause instanceof Error && 'error_description' in cause && cause.error_description;
      throw new AppError(400, 'invalid_client_metadata', String(text || cause), { cause });
    });
  };
}
