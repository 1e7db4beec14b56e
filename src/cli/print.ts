// What commands print: aligned columns for people, JSON for programs.
import { styleText } from 'node:util';

/** Writes one JSON value. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Writes rows under headings; without rows, `empty` goes to standard error. */
export function printTable(headings: string[], rows: string[][], empty: string): void {
  if (rows.length === 0) {
    note(empty);
    return;
  }
  const table = [headings, ...rows.map((row) => row.map(printable))];
  const widths = headings.map((_, column) =>
    Math.max(...table.map((row) => (row[column] ?? '').length)),
  );
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const [head = '', ...body] = lines;
  // styleText leaves the text alone where the stream is no terminal.
  const bold = styleText('bold', head, { stream: process.stdout });
  process.stdout.write(`${[bold, ...body].join('\n')}\n`);
}

/** Writes one line a field: its name, then its value; a list takes one line an entry. */
export function printFields(fields: [name: string, value: string | string[]][]): void {
  const width = Math.max(...fields.map(([name]) => name.length)) + 2;
  for (const [name, value] of fields) {
    const [first = '-', ...more] = Array.isArray(value) ? value : [value];
    const lines = [name.padEnd(width) + printable(first)];
    for (const entry of more) lines.push(' '.repeat(width) + printable(entry));
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}

/** Writes a sentence that is not part of the result, so that a pipe does not get it. */
export function note(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

/** A moment as tables show it, to the minute, in UTC. */
export function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

// What somebody typed as a name must not steer the terminal.
function printable(text: string): string {
  return text.replace(/\p{C}/gu, '?');
}
