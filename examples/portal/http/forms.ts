// Reads posted forms and tells the portal's own forms from those of other sites.
import { timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';

const MAX_BYTES = 10_000;

/** The fields of an `application/x-www-form-urlencoded` body. Throws 413 or 415. */
export async function readForm(ctx: Context): Promise<URLSearchParams> {
  if (!ctx.is('application/x-www-form-urlencoded')) ctx.throw(415, 'Send a form.');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of ctx.req) {
    // The stream of an HTTP request yields Buffers as long as no encoding is set on it.
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > MAX_BYTES) ctx.throw(413, 'The form is too large.');
    chunks.push(bytes);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

/** Compares two secrets in constant time for their length. */
export function isSameSecret(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
