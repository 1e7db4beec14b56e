// A self-signed certificate, made when it is needed: no private key is kept in the repository.
import { generateKeyPairSync, sign } from 'node:crypto';

export interface Certificate {
  certificate: string;
  privateKey: string;
}

const SHA256_WITH_RSA = Buffer.from('300d06092a864886f70d01010b0500', 'hex');

/** Valid from a day before `until` minus a year; until next year unless said. */
export function createCertificate(until = new Date(Date.now() + 365 * 86_400_000)): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const from = new Date(until.getTime() - 400 * 86_400_000);
  const name = der(0x30, der(0x31, der(0x30, oidOfCommonName, der(0x0c, Buffer.from('test')))));
  const signed = der(
    0x30,
    der(0x02, Buffer.from([1])),
    SHA256_WITH_RSA,
    name,
    der(0x30, utcTime(from), utcTime(until)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', signed, privateKey));
  return {
    certificate: pem(der(0x30, signed, SHA256_WITH_RSA, signature)),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

const oidOfCommonName = Buffer.from('0603550403', 'hex');

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function utcTime(date: Date): Buffer {
  const digits = date.toISOString().replace(/\D/g, '').slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`));
}

const pem = (bytes: Buffer) =>
  `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`;
