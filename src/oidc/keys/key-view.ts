// What the keys in the database mean at one moment: which are published, and which sign.
import type { JWK } from 'jose';
import type { ExternalSigningKey } from 'oidc-provider';
import type { SigningAlg } from '../../storage/apis.ts';
import type { Database } from '../../storage/database.ts';
import { listSigningKeys, type SigningKeyRow } from '../../storage/signing-keys.ts';
import { openPrivateJwk } from './private-jwk.ts';
import { createSigner } from './signer.ts';

export interface KeyView {
  /** Published keys, those that sign first: oidc-provider takes the first that fits. */
  keys: SigningKeyRow[];
  /** Which key signs, by algorithm. A first key that must still wait is not here. */
  signers: ReadonlyMap<SigningAlg, string>;
  /** Milliseconds until time alone changes the view. */
  changesInMs: number;
}

/** Reads the keys. The answer tells the view of any later moment: time goes on as the database's did. */
export async function readKeyView(db: Database): Promise<() => KeyView> {
  const rows = await listSigningKeys(db);
  const receivedAt = performance.now();
  const readAt = rows[0]?.read_at.getTime() ?? 0;
  return () => viewAt(rows, readAt + (performance.now() - receivedAt));
}

/** What signs with a view's keys, and their public JWKs. Throws a UsageError when one cannot be decrypted. */
export function toKeySets(
  keys: SigningKeyRow[],
  encryptionKeys: Buffer[],
): { signers: ExternalSigningKey[]; published: JWK[] } {
  return {
    signers: keys.map((row) => createSigner(openPrivateJwk(row, encryptionKeys), row.kid, row.alg)),
    published: keys.map((row) => row.public_jwk),
  };
}

/** True when both views publish and sign with the same keys. */
export function isSameView(a: KeyView, b: KeyView): boolean {
  const essence = ({ keys, signers }: KeyView) =>
    JSON.stringify([keys.map(({ kid }) => kid), [...signers.values()]]);
  return essence(a) === essence(b);
}

function viewAt(rows: SigningKeyRow[], now: number): KeyView {
  const order = { current: 0, next: 1, retired: 2 };
  const keys = rows
    .filter(({ published_until }) => published_until === null || published_until.getTime() > now)
    .toSorted((a, b) => order[a.state] - order[b.state]);
  const current = keys.filter(({ state }) => state === 'current');
  const usable = current.filter(({ usable_from }) => usable_from.getTime() <= now);
  const changes = [
    ...current.map(({ usable_from }) => usable_from.getTime() - now),
    ...keys.map(({ published_until }) => (published_until?.getTime() ?? 0) - now),
  ];
  return {
    keys,
    signers: new Map(usable.map(({ alg, kid }) => [alg, kid])),
    changesInMs: Math.min(...changes.filter((change) => change > 0)),
  };
}
