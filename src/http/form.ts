// Our own forms: body limit, one value a field, CSRF and schema, inseparable.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import getRawBody from 'raw-body';
import type { z } from 'zod';
import { AppError, invalidRequest } from '../errors.ts';

const LIMIT = '32kb';

export interface CsrfProtection {
  /** A token bound to everything in `binding`: the session and the interaction. */
  token(binding: string): string;
  verify(binding: string, token: string): boolean;
}

/** CSRF tokens are HMACs over what the form belongs to: nothing is stored, nothing can be swapped. */
export function createCsrfProtection(key: Buffer): CsrfProtection {
  const token = (binding: string) =>
    createHmac('sha256', key).update(`csrf\n${binding}`).digest('base64url');
  return {
    token,
    verify(binding, presented) {
      const expected = Buffer.from(token(binding));
      const actual = Buffer.from(presented);
      return expected.length === actual.length && timingSafeEqual(expected, actual);
    },
  };
}

/**
 * Reads a form post of our own pages. Throws 415 for another content type, 413 above 32 KiB,
 * 403 for a foreign page or a wrong CSRF token, 400 for repeated or invalid fields.
 */
export async function readForm<Schema extends z.ZodType>(
  ctx: Context,
  options: { schema: Schema; csrf: CsrfProtection; binding: string },
): Promise<z.infer<Schema>> {
  expectOwnOrigin(ctx);
  return readVerified(await readRawFields(ctx), options);
}

/** Reads the fields of a form whose CSRF token is right. Throws 403 or 400, as `readForm` does. */
export function readVerified<Schema extends z.ZodType>(
  fields: Record<string, string>,
  options: { schema: Schema; csrf: CsrfProtection; binding: string },
): z.infer<Schema> {
  const { csrf = '', ...rest } = fields;
  if (!options.csrf.verify(options.binding, csrf)) {
    throw new AppError(
      403,
      'forbidden',
      'This form has expired or belongs to another window. Go back, reload the page and try again.',
      { key: 'error.form-expired' },
    );
  }
  return parseFields(rest, options.schema);
}

/** Reads a form post without a CSRF token: for what changes nothing but this browser's pages. */
export async function readFields<Schema extends z.ZodType>(
  ctx: Context,
  schema: Schema,
): Promise<z.infer<Schema>> {
  return parseFields(await readRawFields(ctx), schema);
}

async function readRawFields(ctx: Context): Promise<Record<string, string>> {
  if (!ctx.is('application/x-www-form-urlencoded'))
    throw new AppError(
      415,
      'invalid_request',
      'Send this form as application/x-www-form-urlencoded.',
    );
  return toFields(new URLSearchParams(await readBody(ctx)));
}

function parseFields<Schema extends z.ZodType>(
  fields: Record<string, string>,
  schema: Schema,
): z.infer<Schema> {
  const parsed = schema.safeParse(fields);
  if (!parsed.success)
    throw invalidRequest(parsed.error.issues.map((issue) => issue.message).join(' '));
  return parsed.data;
}

/** Refuses (403) a post that the browser says comes from another origin. */
export function expectOwnOrigin(ctx: Context): void {
  const site = ctx.get('Sec-Fetch-Site');
  const origin = ctx.get('Origin');
  const own = `${ctx.protocol}://${ctx.host}`;
  const foreign = site !== '' && site !== 'same-origin' && site !== 'none';
  if (foreign || (origin !== '' && origin !== own))
    throw new AppError(403, 'forbidden', 'This form was sent from another site.', {
      key: 'error.foreign-form',
    });
}

async function readBody(ctx: Context): Promise<string> {
  try {
    return await getRawBody(ctx.req, {
      limit: LIMIT,
      encoding: 'utf8',
      length: ctx.get('Content-Length') || null,
    });
  } catch (error) {
    throw new AppError(413, 'invalid_request', `A form may hold at most ${LIMIT}.`, {
      cause: error,
    });
  }
}

/** One value a field. Throws 400 for one that was sent twice. */
export function toFields(entries: Iterable<[string, string]>): Record<string, string> {
  const fields: Record<string, string> = Object.create(null);
  for (const [name, value] of entries) {
    if (name in fields) throw invalidRequest(`The field ${name} was sent twice.`);
    fields[name] = value;
  }
  return fields;
}
