// The options of every list: how many, and for whom.
import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';

export const listOptions = z.object({ json: z.boolean().default(false), limit: z.number() });

/** Adds --limit and --json. */
export function addListOptions(command: Command): Command {
  return command
    .option('--limit <count>', 'how many at most', readCount, 100)
    .option('--json', 'print JSON');
}

function readCount(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number from 1 to 99999.');
}
