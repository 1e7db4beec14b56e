// The options of every list: how many, and for whom; and of commands that say why.
import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';

export const listOptions = z.object({ json: z.boolean().default(false), limit: z.number() });
export const jsonOption = z.object({ json: z.boolean().default(false) });
export const reasonOption = jsonOption.extend({ reason: z.string() });

/** Reads why something is done. */
export function readReason(text: string): string {
  const reason = text.trim();
  if (/^\P{C}{1,500}$/u.test(reason)) return reason;
  throw new InvalidArgumentError('Write 1 to 500 characters on one line.');
}

/** Adds --limit and --json. */
export function addListOptions(command: Command): Command {
  return command
    .option('--limit <count>', 'how many at most', readCount, 100)
    .option('--json', 'print JSON');
}

/** Reads a whole number of at least one. */
export function readCount(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number from 1 to 99999.');
}
