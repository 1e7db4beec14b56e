// The JSON of a request, of a bounded size.
import type { Context } from 'koa';
import getRawBody from 'raw-body';
import { AppError, invalidRequest } from '../errors.ts';

const LIMIT = '64kb';

/**
 * Reads the JSON object of a request; nothing at all is an empty one. Throws 415 for another content
 * type or encoding, 413 above 64 KiB, 400 for anything but an object.
 */
export async function readJsonObject(ctx: Context): Promise<unknown> {
  if (ctx.get('Content-Encoding') && ctx.get('Content-Encoding') !== 'identity')
    throw unsupported('Send the body as it is, without a Content-Encoding.');
  const text = await readText(ctx);
  if (text === '') return {};
  if (!ctx.is('application/json', 'application/merge-patch+json'))
    throw unsupported('Send the body as application/json.');
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidRequest('The body must be a JSON object.');
  return value;
}

async function readText(ctx: Context): Promise<string> {
  try {
    return await getRawBody(ctx.req, {
      limit: LIMIT,
      encoding: 'utf8',
      length: ctx.get('Content-Length') || null,
    });
  } catch (cause) {
    throw new AppError(413, 'invalid_request', `A body may hold at most ${LIMIT}.`, { cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalidRequest('The body is not valid JSON.', cause);
  }
}

function unsupported(message: string): AppError {
  return new AppError(415, 'invalid_request', message);
}
