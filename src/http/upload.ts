// Forms with files: the same checks as for other forms, and a limit for all of it. RFC 7578.
import type { Context } from 'koa';
import getRawBody from 'raw-body';
import type { z } from 'zod';
import { AppError, invalidRequest } from '../errors.ts';
import { type CsrfProtection, expectOwnOrigin, readVerified, toFields } from './form.ts';

/** What surrounds the files: boundaries, names, the other fields. */
const AROUND_FILES = 8 * 1024;

/**
 * Reads a multipart form post of our own pages; `limit` is in bytes, for all its files. A file field
 * that was left empty is not among the files. Throws as `readForm` does.
 */
export async function readUpload<Schema extends z.ZodType>(
  ctx: Context,
  options: { schema: Schema; csrf: CsrfProtection; binding: string; limit: number },
): Promise<{ fields: z.infer<Schema>; files: Map<string, Buffer> }> {
  expectOwnOrigin(ctx);
  const form = await readMultipart(ctx, options.limit);
  const files = new Map<string, Buffer>();
  const texts: [string, string][] = [];
  for (const [name, value] of form) {
    if (typeof value === 'string') texts.push([name, value]);
    else if (value.size > 0) files.set(name, Buffer.from(await value.arrayBuffer()));
  }
  return { fields: readVerified(toFields(texts), options), files };
}

async function readMultipart(ctx: Context, limit: number): Promise<FormData> {
  if (!ctx.is('multipart/form-data'))
    throw new AppError(415, 'invalid_request', 'Send this form as multipart/form-data.');
  const body = await getRawBody(ctx.req, {
    limit: limit + AROUND_FILES,
    length: ctx.get('Content-Length') || null,
  }).catch((cause: unknown) => {
    const message = `The files of this form may hold at most ${limit} bytes.`;
    throw new AppError(413, 'invalid_request', message, { cause, key: 'error.upload-too-large' });
  });
  // Node's own reader of such forms.
  return new Response(new Uint8Array(body), {
    headers: { 'Content-Type': ctx.get('Content-Type') },
  })
    .formData()
    .catch((cause: unknown) => {
      throw invalidRequest('This form cannot be read.', cause);
    });
}
