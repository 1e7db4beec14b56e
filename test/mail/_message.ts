// A message on the wire, read back: RFC 5322 headers and the two parts of a multipart/alternative.

export interface ReadMail {
  headers: Map<string, string>;
  id: string;
  subject: string;
  text: string;
  html: string;
}

/** Reads a message that holds a text and its HTML; `raw` has one character a byte. */
export function readMessage(raw: string): ReadMail {
  const { headers, body } = split(raw);
  const [, boundary = ''] = /boundary="?([^";]+)/.exec(headers.get('content-type') ?? '') ?? [];
  const parts = body.split(`--${boundary}`).slice(1, -1).map(split);
  const part = (type: string) => {
    const found = parts.find((one) => one.headers.get('content-type')?.startsWith(type));
    return found ? decode(found.body, found.headers.get('content-transfer-encoding')) : '';
  };
  return {
    headers,
    id: headers.get('message-id') ?? '',
    subject: decodeWords(headers.get('subject') ?? ''),
    text: part('text/plain'),
    html: part('text/html'),
  };
}

function split(raw: string) {
  const text = raw.replace(/^\r\n/, '');
  const end = text.indexOf('\r\n\r\n');
  const lines = text
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const [, name = '', value = ''] = /^([^:]+): *(.*)$/.exec(line) ?? [];
      return [name.toLowerCase(), value];
    }),
  );
  return { headers, body: text.slice(end + 4) };
}

function decode(body: string, encoding: string | undefined): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  const bytes = encoding === 'quoted-printable' ? unquote(body.replace(/=\r\n/g, '')) : body;
  return Buffer.from(bytes, 'latin1').toString('utf8').replaceAll('\r\n', '\n');
}

const unquote = (text: string) =>
  text.replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));

// RFC 2047: =?utf-8?Q?...?= and =?utf-8?B?...?=, joined where only a space parts them.
function decodeWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([QB])\?([^?]*)\?=/gi, (_, kind, coded) =>
      /q/i.test(kind)
        ? decode(unquote(coded.replaceAll('_', ' ')), '8bit')
        : decode(coded, 'base64'),
    );
}
