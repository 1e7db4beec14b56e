// Reads a small JSON request body.
import type { Context } from 'koa';

const MAX_BYTES = 10_000;

/** The parsed JSON body. Throws 413, 415 or 400 with a message that may be shown. */
export async function readJsonBody(ctx: Context): Promise<unknown> {
  if (!ctx.is('application/json')) ctx.throw(415, 'Send the order as application/json.');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of ctx.req) {
    // The stream of an HTTP request yields Buffers as long as no encoding is set on it.
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > MAX_BYTES) ctx.throw(413, `An order may have at most ${MAX_BYTES} bytes.`);
    chunks.push(bytes);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return ctx.throw(400, 'The body is not valid JSON.');
  }
}
