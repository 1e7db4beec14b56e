// The bar of an import is for terminals.
import test from 'ava';
import { createProgressBar } from '../../src/cli/accounts/import-progress.ts';

/** A terminal, or none, that keeps what is written to it. */
function openScreen(isTTY: boolean) {
  const written: string[] = [];
  const write = (text: string) => written.push(text) > 0;
  // The bar uses nothing else of a stream.
  return { written, stream: { isTTY, write } as unknown as NodeJS.WriteStream };
}

const at = (offset: number, line: number) => ({
  ...{ offset, line, created: line, skipped: 0, refused: 0 },
});

test('a terminal shows how much of the file is done, on one line', (t) => {
  const { written, stream } = openScreen(true);
  const bar = createProgressBar(2_000, stream);
  bar.show(at(500, 1_500));
  bar.show(at(2_000, 6_000));
  bar.end();
  t.deepEqual(written, [
    `\r[${'#'.repeat(8)}${'.'.repeat(22)}] 25 %  1,500 lines `,
    `\r[${'#'.repeat(30)}] 100 %  6,000 lines `,
    '\n',
  ]);
});

test('a pipe or a log gets no bar', (t) => {
  const { written, stream } = openScreen(false);
  const bar = createProgressBar(2_000, stream);
  bar.show(at(500, 1_500));
  bar.end();
  t.deepEqual(written, []);
});
