// What a request brings: JSON of a bounded size, and schemas that refuse what they do not know.
import type { Context } from 'koa';
import getRawBody from 'raw-body';
import type { z } from 'zod';
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

/** What a schema makes of a value. Throws 400 with a sentence for each thing that is wrong. */
export function parsePart<Schema extends z.ZodObject>(
  schema: Schema,
  value: unknown,
  part: 'body' | 'query',
): z.infer<Schema> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const known = Object.keys(schema.shape);
  throw invalidRequest(error.issues.map((issue) => describe(issue, part, known)).join(' '));
}

function describe(issue: z.core.$ZodIssue, part: string, known: string[]): string {
  const place = issue.path.map(String).join('.');
  if (issue.code !== 'unrecognized_keys')
    return place ? `${printable(place)}: ${issue.message}.` : `The ${part}: ${issue.message}.`;
  const names = issue.keys.map(printable).join(', ');
  const where = place ? `in ${printable(place)}` : `in the ${part} of this request`;
  const choice = place || known.length === 0 ? '' : ` It may have ${known.join(', ')}.`;
  return `${names} cannot be set ${where}.${choice}`;
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

// What somebody made up as a name comes back in an error, and may end in a terminal.
function printable(text: string): string {
  return text.slice(0, 100).replace(/\p{C}/gu, '?');
}
