// Quota classes, which products name. In the running unit of work.
import { z } from 'zod';
import { AppError, invalidRequest } from '../errors.ts';
import { insertAuditEvents } from '../storage/audit-events.ts';
import type { Database } from '../storage/database.ts';
import { deleteQuotaClass, type QuotaClass, saveQuotaClass } from '../storage/quota-classes.ts';

const limit = (of: string) =>
  z
    .int(`the tokens per ${of} must be a whole number`)
    .min(1, `the tokens per ${of} must be at least 1`)
    .max(1_000_000_000, `the tokens per ${of} must be at most 1000000000`)
    .optional();
const quotaClassRequest = z.object({
  name: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9._-]{0,49}$/,
      'a quota class has a name of 1 to 50 lower-case letters, digits, dots, hyphens or underscores',
    ),
  tokensPerMinute: limit('minute'),
  tokensPerDay: limit('day'),
});

/** Creates a quota class or changes its limits. Throws 400 that says what is wrong. */
export async function setQuotaClass(db: Database, request: QuotaClass, by: string): Promise<void> {
  const { success, data, error } = quotaClassRequest.safeParse(request);
  if (!success) throw invalidRequest(error.issues.map(({ message }) => message).join('; '));
  const { name, tokensPerMinute, tokensPerDay } = data;
  await saveQuotaClass(db, { name, tokensPerMinute, tokensPerDay });
  await insertAuditEvents(db, [{ type: 'quota-class.set', detail: { by, ...data } }]);
}

/** Removes a quota class. Throws 404 when there is none, 409 while products have it. */
export async function removeQuotaClass(db: Database, name: string, by: string): Promise<void> {
  const removed = await deleteQuotaClass(db, name).catch((cause) => {
    throw cause.code === '23503'
      ? new AppError(
          409,
          'conflict',
          `Products have the quota class ${name}: give them another first.`,
          { cause },
        )
      : cause;
  });
  if (!removed) throw new AppError(404, 'not_found', `There is no quota class ${name}.`);
  await insertAuditEvents(db, [{ type: 'quota-class.removed', detail: { by, name } }]);
}
