// Makes src/accounts/passwords/common-passwords.bin from a list of passwords, the commonest first.
// Usage: node .ci/build-password-list.ts <list.txt>. The source is named in docs/passwords.md.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const MOST = 500_000;
const [path] = process.argv.slice(2);
if (!path) throw new Error('Name the list: one password a line, the commonest first.');

const passwords = readFileSync(path, 'utf8').split(/\r?\n/).filter(Boolean).slice(0, MOST);
const prefixes = new Set(
  passwords.map((password) =>
    createHash('sha256').update(password.normalize('NFC').toLowerCase()).digest().readUInt32BE(),
  ),
);
const sorted = Uint32Array.from(prefixes).sort();
const bytes = Buffer.alloc(sorted.length * 4);
for (const [index, prefix] of sorted.entries()) bytes.writeUInt32BE(prefix, index * 4);
writeFileSync(new URL('../src/accounts/passwords/common-passwords.bin', import.meta.url), bytes);
process.stdout.write(`${passwords.length} passwords, ${sorted.length} prefixes\n`);
