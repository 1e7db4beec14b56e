// Hashes of passwords: peppers, parameters that change, what costs too much, and those of other systems.
import { randomBytes } from 'node:crypto';
import argon2 from 'argon2';
import test from 'ava';
import type { HashSource } from '../../src/accounts/passwords/imported/hash-kind.ts';
import { sealImportedHash } from '../../src/accounts/passwords/imported/hash-kinds.ts';
import { createPasswords } from '../../src/accounts/passwords/passwords.ts';
import { setPasswordHash } from '../../src/storage/accounts.ts';
import { seal } from '../../src/storage/sealed-value.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { addAccount } from '../_protocol.ts';
import { foreignHashes } from './_foreign-hashes.ts';
import { attempt } from './_guesses.ts';
import { HASHES_ELSEWHERE, PASSWORD_ELSEWHERE } from './_hashes-elsewhere.ts';

const PASSWORD = 'three yellow tram tickets';
const [old, current] = [randomBytes(32), randomBytes(32)];

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

const storedHash = async (id: string) => {
  const query = await gatehouse.db.query();
  return (await query('accounts').where({ id }).first('password_hash')).password_hash;
};

test('a password is accepted under an older pepper, and should be hashed again', async (t) => {
  const before = await createPasswords({ peppers: [old] });
  const after = await createPasswords({ peppers: [current, old] });
  const done = await createPasswords({ peppers: [current] });
  const hash = await before.hash(PASSWORD);
  t.deepEqual(await before.verify(hash, PASSWORD), { matches: true, outdated: false });
  t.deepEqual(await after.verify(hash, PASSWORD), { matches: true, outdated: true });
  t.false((await done.verify(hash, PASSWORD)).matches);
  t.deepEqual(await after.verify(await after.hash(PASSWORD), PASSWORD), {
    ...{ matches: true, outdated: false },
  });
});

test('the same characters match in another Unicode form', async (t) => {
  const { hash, verify } = await createPasswords({ peppers: [current] });
  t.true(
    (await verify(await hash('cafe\u0301 au lait a\u0300 la carte'), 'café au lait à la carte'))
      .matches,
  );
});

test('a sign-in replaces a hash with other parameters or an older pepper', async (t) => {
  const [pepper = Buffer.alloc(0)] = gatehouse.secrets.passwordPeppers;
  const account = await addAccount(gatehouse);
  // 2 is argon2id.
  const weak = { type: 2, memoryCost: 1024, timeCost: 1, secret: pepper } as const;
  await setPasswordHash(gatehouse.db, account.id, await argon2.hash(account.password, weak));
  t.regex(await storedHash(account.id), /\$m=1024,/);
  const back = await attempt(gatehouse, createAgent(gatehouse.issuer), account);
  t.truthy(back.headers.get('Location'));
  t.regex(await storedHash(account.id), /\$m=19456,p=1,t=2\$/);
  t.truthy(
    (await attempt(gatehouse, createAgent(gatehouse.issuer), account)).headers.get('Location'),
  );
});

test('a stored hash that would cost gigabytes or minutes is not computed', async (t) => {
  const { verify } = await createPasswords({ peppers: [current] });
  const tail = 'c29tZXNhbHRzb21lc2FsdA$c29tZWhhc2hzb21laGFzaHNvbWVoYXNoc29tZWhhc2g';
  for (const parameters of [
    ...['m=4194304,t=1,p=1', 'm=65536,t=4000,p=1', 'm=65536,t=1,p=200', 'm=99999999999,t=1,p=1'],
    ...['m=0,t=0,p=0', 'm=,t=,p=', 'm=65536,t=3,p=4,data=x'],
  ])
    t.deepEqual(await verify(`$argon2id$v=19$${parameters}$${tail}`, PASSWORD), {
      ...{ matches: false, outdated: false },
    });
  for (const nonsense of ['', 'plain', '$argon2id$', 'imported:', 'imported:AAAA', '\u0000'])
    t.false((await verify(nonsense, PASSWORD)).matches, nonsense);
});

test('hashes of other systems are checked as those systems would', async (t) => {
  const { verify } = await createPasswords({ peppers: [current, old] });
  for (const [name, source] of Object.entries(await foreignHashes(PASSWORD))) {
    const stored = sealImportedHash(source, old);
    t.deepEqual(await verify(stored, PASSWORD), { matches: true, outdated: true }, name);
    t.deepEqual(await verify(stored, `${PASSWORD}!`), { matches: false, outdated: false }, name);
    t.false(stored.includes('$'), 'a copy of the database tells nothing of it');
  }
});

test('hashes that other programs made are checked as those programs would', async (t) => {
  const { verify } = await createPasswords({ peppers: [current] });
  for (const [name, source] of Object.entries(HASHES_ELSEWHERE)) {
    const stored = sealImportedHash(source, current);
    t.true((await verify(stored, PASSWORD_ELSEWHERE)).matches, name);
    t.false((await verify(stored, PASSWORD)).matches, name);
  }
});

test('they match what was typed in the form that the other system hashed', async (t) => {
  const { verify } = await createPasswords({ peppers: [current] });
  for (const typed of ['cafe\u0301 au lait', 'café au lait'])
    for (const source of Object.values(await foreignHashes(typed)))
      t.true((await verify(sealImportedHash(source, current), typed)).matches);
});

const SALT = 'c29tZXNhbHRzb21lc2FsdA';
const HASH = 'c29tZWhhc2hzb21laGFzaHNvbWVoYXNoc29tZWhhc2g';
const refused: [HashSource, RegExp][] = [
  [`$argon2id$v=19$m=8,t=1,p=16$${SALT}$${HASH}`, /m must be at least 8 times its p/],
  [
    { algorithm: 'scrypt', n: 2 ** 17, r: 1, p: 1, salt: SALT, hash: HASH },
    /n is too large for its r/,
  ],
  [`$argon2id$v=19$m=4194304,t=1,p=1$${SALT}$${HASH}`, /costs too much/],
  ['$argon2id$v=19$m=x', /not written like/],
  [`$2b$31$${'a'.repeat(53)}`, /cost must be from 4 to 15/],
  ['$2b$10$short', /not written like/],
  [`$scrypt$ln=24,r=64,p=1$${SALT}$${HASH}`, /costs too much/],
  [`$scrypt$ln=99,r=8,p=1$${SALT}$${HASH}`, /ln must be a whole number/],
  ['$scrypt$whatever', /not written like/],
  [{ algorithm: 'scrypt', n: 1000, r: 8, p: 1, salt: SALT, hash: HASH }, /power of two/],
  [`$pbkdf2-sha256$i=999999999$${SALT}$${HASH}`, /iterations must be/],
  [`$pbkdf2-sha384$i=1000$${SALT}$${HASH}`, /digest must be one of/],
  [{ algorithm: 'pbkdf2', iterations: 1000, salt: SALT, hash: HASH }, /digest must be one of/],
  [
    { algorithm: 'pbkdf2', digest: 'sha256', iterations: '10', salt: 7, hash: HASH },
    /salt is not base64/,
  ],
  [{ algorithm: 'sha256', salt: SALT, hash: HASH }, /salt_position/],
  [{ algorithm: 'sha256', salt: '', hash: HASH }, /salt is not base64/],
  [{ algorithm: 'sha1', salt_position: 'prefix', salt: SALT, hash: HASH }, /must have 20 bytes/],
  [{ algorithm: 'sha1', encoding: 'utf8', salt: SALT, hash: HASH }, /encoding must be/],
  ['{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', /no salt/],
  ['{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', /salt must have/],
  ['5f4dcc3b5aa765d61d8327deb882cf99', /no argon2, bcrypt/],
  ['$6$rounds=5000$salt$hash', /no argon2, bcrypt/],
  [{ algorithm: 'md5', salt: SALT, hash: HASH }, /no argon2, bcrypt/],
  [{}, /no argon2, bcrypt/],
  [{ algorithm: '__proto__', salt: SALT, hash: HASH }, /no argon2, bcrypt/],
  ['x'.repeat(5000), /too long/],
];
test('what cannot be used, or costs too much, is refused with a reason', (t) => {
  for (const [source, reason] of refused)
    t.throws(
      () => sealImportedHash(source, current),
      { message: reason },
      JSON.stringify(source).slice(0, 80),
    );
});

test('what an earlier release let in and this one refuses matches nothing', async (t) => {
  const { verify } = await createPasswords({ peppers: [current] });
  for (const [source] of refused) {
    const sealed = seal(current, JSON.stringify(source), 'imported password hash');
    t.deepEqual(await verify(`imported:${sealed.toString('base64')}`, PASSWORD), {
      ...{ matches: false, outdated: false },
    });
  }
});

test('an imported account signs in, and has a hash of our own from then on', async (t) => {
  const [pepper = Buffer.alloc(0)] = gatehouse.secrets.passwordPeppers;
  const { email, id } = await addAccount(gatehouse);
  const hashes = await foreignHashes(PASSWORD);
  for (const name of ['bcrypt', 'SHA-1, LDAP', 'PBKDF2, Django']) {
    await setPasswordHash(gatehouse.db, id, sealImportedHash(hashes[name] ?? '', pepper));
    const wrong = await attempt(gatehouse, createAgent(gatehouse.issuer), {
      email,
      password: 'no',
    });
    t.is(wrong.status, 400);
    t.regex(await storedHash(id), /^imported:/);
    const back = await attempt(gatehouse, createAgent(gatehouse.issuer), {
      email,
      password: PASSWORD,
    });
    t.truthy(back.headers.get('Location'), name);
    t.regex(await storedHash(id), /^\$argon2id\$/);
  }
});
