// The reader of raw answers: it gives the right one, or fails, whatever the pieces are.
import test from 'ava';
import { createResponseReader, type RaceAnswer } from './_response-reader.ts';

/** Reads `bytes` in pieces of `size`. */
function read(bytes: string, size: number): RaceAnswer | undefined {
  const reader = createResponseReader();
  const all = Buffer.from(bytes);
  let answer: RaceAnswer | undefined;
  for (let at = 0; at < all.length; at += size) answer = reader(all.subarray(at, at + size));
  return answer;
}

const SIZES = [1, 2, 7, 1000];

test('a body of known length is read to its end, in bytes', (t) => {
  const bytes = 'HTTP/1.1 400 Bad Request\r\nContent-Length: 6\r\nA:  b \r\n\r\n{"é"}';
  for (const size of SIZES) {
    const answer = read(bytes, size);
    t.is(answer?.status, 400);
    t.is(answer?.text, '{"é"}');
    t.is(answer?.headers.get('a'), 'b');
    t.is(read(bytes.slice(0, -1), size), undefined, 'one byte is missing');
  }
});

test('a chunked body is put together', (t) => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  const body = '5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n';
  for (const size of SIZES) {
    t.is(read(head + body, size)?.text, 'hello0123456789');
    t.is(read((head + body).slice(0, -1), size), undefined, 'one byte is missing');
  }
});

test('each cookie is kept', (t) => {
  const bytes =
    'HTTP/1.1 303 See Other\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Length: 0\r\n\r\n';
  t.deepEqual(read(bytes, 3)?.headers.getSetCookie(), ['a=1', 'b=2']);
});

test('an answer without content needs no length', (t) => {
  t.is(read('HTTP/1.1 204 No Content\r\n\r\n', 4)?.text, '');
});

for (const [what, bytes] of Object.entries({
  'another protocol': 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n',
  'an unknown length': 'HTTP/1.1 200 OK\r\n\r\n',
  'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n',
  'bytes after the end': 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab',
  'a chunk without end':
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n',
  'a folded header': 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n',
})) {
  test(`refused: ${what}`, (t) => {
    t.throws(() => read(bytes, 1000));
  });
}
