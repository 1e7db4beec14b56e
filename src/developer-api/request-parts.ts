// What a request brings, by schemas that refuse what they do not know.
import type { z } from 'zod';
import { invalidRequest } from '../errors.ts';

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

// What somebody made up as a name comes back in an error, and may end in a terminal.
function printable(text: string): string {
  return text.slice(0, 100).replace(/\p{C}/gu, '?');
}
