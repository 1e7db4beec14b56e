// The key set of a client that authenticates by private_key_jwt: public keys only.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { UsageError } from '../../errors.ts';

/** RFC 7517 section 4 and RFC 7518 section 6: what is private, and what is one secret for both sides. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

const keySet = z.object({
  keys: z
    .array(z.looseObject({ kty: z.enum(['RSA', 'EC', 'OKP']) }))
    .min(1)
    .max(10),
});

/** Reads a JWKS file. Throws a UsageError for anything but a set of public keys. */
export function readPublicKeys(path: string): z.infer<typeof keySet> {
  const { success, data } = keySet.safeParse(readJson(path));
  if (!success) {
    throw new UsageError(
      `${path} is not a JSON Web Key Set of public keys: it must look like {"keys":[{"kty":"EC",...}]}, with 1 to 10 keys.`,
    );
  }
  if (data.keys.some((key) => PRIVATE_MEMBERS.some((member) => member in key))) {
    throw new UsageError(
      `${path} holds a private key, which belongs to the client alone: give its public part, without ${PRIVATE_MEMBERS.slice(0, 6).join(', ')}.`,
    );
  }
  return data;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new UsageError(
      `${path} cannot be read as JSON (${cause instanceof Error ? cause.message : cause}).`,
    );
  }
}
