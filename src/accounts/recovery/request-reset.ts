// Asking for a new password. Whether the address has an account is looked up by a job, so that the
// answer, its time and what it writes are the same.
import type { Language } from '../../http/i18n.ts';
import type { Database } from '../../storage/database.ts';
import { queueJob } from '../../storage/queued-jobs.ts';
import { seal, unseal } from '../../storage/sealed-value.ts';

export interface ResetRequest {
  email: string;
  language: Language;
  /** The interaction to go on with, in the browser that asked. */
  interactionUid?: string | undefined;
}

const CONTEXT = 'password reset';

/** Queues the request in the running unit of work. */
export async function requestReset(
  deps: { db: Database; encryptionKeys: Buffer[] },
  request: ResetRequest,
): Promise<void> {
  const [key] = deps.encryptionKeys;
  if (!key) throw new Error('no encryption key is configured');
  const sealed = seal(key, JSON.stringify(request), CONTEXT).toString('base64url');
  await queueJob(deps.db, 'answer-reset', { sealed });
}

/** Opens what `requestReset` queued. */
export function openResetRequest(payload: unknown, encryptionKeys: Buffer[]): ResetRequest {
  const { sealed } = payload as { sealed: string };
  return JSON.parse(unseal(encryptionKeys, Buffer.from(sealed, 'base64url'), CONTEXT));
}
