// What may be said on the command line.
import { parseArgs } from 'node:util';

export interface Options {
  /** Only these benchmarks; empty: all. */
  names: string[];
  seconds: number;
  rounds: number;
  /** Where the results are written as JSON, too. */
  json: string | undefined;
}

/** Reads the command line. Throws an Error that says what is wrong with it. */
export function readOptions(args: string[], known: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '1' },
      rounds: { type: 'string', default: '5' },
      json: { type: 'string' },
    },
  });
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown) throw new Error(`there is no benchmark ${unknown}; there are: ${known.join(', ')}`);
  return {
    names: positionals,
    seconds: positive('seconds', values.seconds),
    rounds: Math.ceil(positive('rounds', values.rounds)),
    json: values.json,
  };
}

function positive(name: string, value: string): number {
  const number = Number(value);
  if (!(number > 0)) throw new Error(`--${name} must be a number above 0`);
  return number;
}
