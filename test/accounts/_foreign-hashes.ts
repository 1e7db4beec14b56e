// One password as other systems store it, each made by a tool that is not ours where there is one.
import { createHash, pbkdf2Sync, scryptSync } from 'node:crypto';
import argon2 from 'argon2';
import bcrypt from 'bcrypt';
import type { HashSource } from '../../src/accounts/passwords/imported/hash-kind.ts';

const SALT = Buffer.from('0123456789abcdef');

/** Every notation that is understood, by its name. */
export async function foreignHashes(password: string): Promise<Record<string, HashSource>> {
  const cheap = { memoryCost: 1024, timeCost: 2 };
  // The package's own constants are typed as any number.
  const argon = (type: 0 | 1 | 2) => argon2.hash(password, { ...cheap, type });
  const derived = pbkdf2Sync(password, SALT, 1000, 32, 'sha256');
  const scrypted = scryptSync(password, SALT, 32, { N: 1024, r: 8, p: 1 });
  const bcrypted = await bcrypt.hash(password, 4);
  const sha = (digest: string, ...parts: (string | Buffer)[]) =>
    createHash(digest)
      .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
      .digest();
  const ldap = (digest: string) =>
    Buffer.concat([sha(digest, password, SALT), SALT]).toString('base64');
  const plain = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
  return {
    argon2i: await argon(1),
    argon2d: await argon(0),
    argon2id: await argon(2),
    'argon2 in an object': { algorithm: 'argon2id', hash: await argon(2) },
    bcrypt: bcrypted,
    'bcrypt of PHP': bcrypted.replace('$2b$', '$2y$'),
    'bcrypt in an object': { algorithm: 'bcrypt', hash: bcrypted },
    'scrypt, PHC': `$scrypt$ln=10,r=8,p=1$${plain(SALT)}$${plain(scrypted)}`,
    'scrypt, Werkzeug': `scrypt:1024:8:1$${SALT}$${scrypted.toString('hex')}`,
    'scrypt, an object': {
      ...{ algorithm: 'scrypt', n: 1024, r: 8, p: 1 },
      ...{ salt: SALT.toString('base64'), hash: scrypted.toString('base64') },
    },
    'PBKDF2, PHC': `$pbkdf2-sha256$i=1000$${plain(SALT)}$${plain(derived)}`,
    'PBKDF2, passlib': `$pbkdf2-sha256$1000$${plain(SALT).replaceAll('+', '.')}$${plain(derived).replaceAll('+', '.')}`,
    'PBKDF2, Django': `pbkdf2_sha256$1000$${SALT}$${derived.toString('base64')}`,
    'PBKDF2, Werkzeug': `pbkdf2:sha256:1000$${SALT}$${derived.toString('hex')}`,
    'PBKDF2, an object': {
      ...{ algorithm: 'pbkdf2', digest: 'SHA-256', iterations: 1000, encoding: 'hex' },
      ...{ salt: SALT.toString('hex'), hash: derived.toString('hex') },
    },
    'SHA-1, LDAP': `{SSHA}${ldap('sha1')}`,
    'SHA-256, LDAP': `{SSHA256}${ldap('sha256')}`,
    'SHA-512, LDAP': `{SSHA512}${ldap('sha512')}`,
    'SHA-256, salt first': {
      ...{ algorithm: 'sha256', salt_position: 'prefix', encoding: 'hex' },
      ...{ salt: SALT.toString('hex'), hash: sha('sha256', SALT, password).toString('hex') },
    },
  };
}
