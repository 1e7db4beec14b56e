// One HTTP/1.1 response from the bytes of a connection. RFC 9112 sections 4 to 7.

export interface RaceAnswer {
  status: number;
  headers: Headers;
  text: string;
}

const END_OF_HEAD = '\r\n\r\n';

/**
 * Takes the bytes as they come and returns the response once it is complete. Throws when the bytes
 * are no response to a GET or POST whose length is known (section 6.3), or go on after its end.
 */
export function createResponseReader(): (chunk: Buffer) => RaceAnswer | undefined {
  let received = Buffer.alloc(0);
  return (chunk) => {
    received = Buffer.concat([received, chunk]);
    const end = received.indexOf(END_OF_HEAD);
    if (end < 0) return undefined;
    const { status, headers } = readHead(received.toString('latin1', 0, end));
    const rest = received.subarray(end + END_OF_HEAD.length);
    const body = readBody(status, headers, rest);
    if (!body) return undefined;
    if (body.size !== rest.length) throw new Error(`bytes after the end of a response: ${rest}`);
    return { status, headers, text: body.content.toString('utf8') };
  };
}

function readHead(head: string): { status: number; headers: Headers } {
  const [statusLine = '', ...fields] = head.split('\r\n');
  const status = /^HTTP\/1\.1 ([2-5]\d\d) /.exec(statusLine)?.[1];
  if (!status) throw new Error(`not the status line of a final response: ${statusLine}`);
  const headers = new Headers();
  for (const field of fields) {
    const [, name, value] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/.exec(field) ?? [];
    if (name === undefined || value === undefined) throw new Error(`not a header: ${field}`);
    headers.append(name, value);
  }
  return { status: Number(status), headers };
}

interface Body {
  content: Buffer;
  /** Bytes on the wire. */
  size: number;
}

function readBody(status: number, headers: Headers, rest: Buffer): Body | undefined {
  if (status === 204 || status === 304) return { content: Buffer.alloc(0), size: 0 };
  const coding = headers.get('Transfer-Encoding');
  if (coding === 'chunked') return readChunks(rest);
  const length = headers.get('Content-Length') ?? '';
  if (coding !== null || !/^\d+$/.test(length)) throw new Error('a response of unknown length');
  const size = Number(length);
  return rest.length < size ? undefined : { content: rest.subarray(0, size), size };
}

// Section 7.1; trailers are not expected.
function readChunks(rest: Buffer): Body | undefined {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const chunk = readChunk(rest.subarray(size));
    if (!chunk) return undefined;
    size += chunk.size;
    if (chunk.content.length === 0) return { content: Buffer.concat(chunks), size };
    chunks.push(chunk.content);
  }
}

function readChunk(rest: Buffer): Body | undefined {
  const lineEnd = rest.indexOf('\r\n');
  if (lineEnd < 0) return undefined;
  const line = rest.toString('latin1', 0, lineEnd);
  if (!/^[0-9a-f]+$/i.test(line)) throw new Error(`not the size of a chunk: ${line}`);
  const start = lineEnd + 2;
  const end = start + Number.parseInt(line, 16);
  if (rest.length < end + 2) return undefined;
  if (rest.toString('latin1', end, end + 2) !== '\r\n') throw new Error('a chunk without end');
  return { content: rest.subarray(start, end), size: end + 2 };
}
