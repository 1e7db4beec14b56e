// A DNS server that knows the TXT records that it is given (RFC 1035 section 4), and no other name.
import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';

export interface DnsServer {
  address: string;
  /** By name; a record may be in several strings. */
  records: Map<string, string[][]>;
  close(): void;
}

/** Starts it on loopback. */
export async function startDnsServer(): Promise<DnsServer> {
  const records: DnsServer['records'] = new Map();
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const { name, end } = readName(query);
    const question = query.subarray(12, end + 4);
    const answers = (records.get(name) ?? []).map(toAnswer);
    const header = Buffer.from(query.subarray(0, 12));
    // An answer with authority; NXDOMAIN for a name without records.
    header.writeUInt16BE(answers.length > 0 ? 0x8400 : 0x8403, 2);
    header.writeUInt16BE(answers.length, 6);
    header.writeUInt32BE(0, 8);
    socket.send(Buffer.concat([header, question, ...answers]), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, records, close: () => socket.close() };
}

function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]; length; length = query[at]) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

function toAnswer(strings: string[]): Buffer {
  const data = Buffer.concat(
    strings.map((text) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)])),
  );
  // The name of the question, TXT, IN, a minute.
  const head = Buffer.from('c00c001000010000003c0000', 'hex');
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
