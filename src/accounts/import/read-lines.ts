// The lines of a file of any size, one after the other, from any place in it.
import { createReadStream } from 'node:fs';

export interface Line {
  text: string;
  /** Counted from 1. */
  number: number;
  /** Where the next line begins, in bytes. */
  nextOffset: number;
  /** Why there is no text. */
  problem?: string;
}

const MOST_BYTES = 16 * 1024;
const NEWLINE = 0x0a;

/** Reads on from `start`, the place behind a line. A line that is too long is dropped while it is read. */
export async function* readLines(
  path: string,
  start: { offset: number; line: number } = { offset: 0, line: 0 },
): AsyncGenerator<Line> {
  let rest: Buffer[] = [];
  let held = 0;
  let { offset, line: number } = start;
  const finish = (bytes: number): Line => {
    offset += bytes;
    number += 1;
    const line = toLine(rest, held, { number, nextOffset: offset });
    rest = [];
    held = 0;
    return line;
  };
  const keep = (piece: Buffer) => {
    if (held <= MOST_BYTES) rest.push(piece);
    held += piece.length;
  };
  for await (const chunk of createReadStream(path, { start: offset }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      keep(chunk.subarray(from, end));
      from = end + 1;
      yield finish(held + 1);
    }
    keep(chunk.subarray(from));
  }
  if (held > 0) yield finish(held);
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function toLine(
  pieces: Buffer[],
  length: number,
  place: { number: number; nextOffset: number },
): Line {
  if (length > MOST_BYTES)
    return { ...place, text: '', problem: `It has more than ${MOST_BYTES} bytes.` };
  try {
    return { ...place, text: utf8.decode(Buffer.concat(pieces)) };
  } catch {
    return { ...place, text: '', problem: 'It is not UTF-8.' };
  }
}
