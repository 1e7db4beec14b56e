// accounts import: from a file to people who sign in.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { eventually } from '../_protocol.ts';
import { foreignHashes } from '../accounts/_foreign-hashes.ts';
import { attempt } from '../accounts/_guesses.ts';
import { HASHES_ELSEWHERE, PASSWORD_ELSEWHERE } from '../accounts/_hashes-elsewhere.ts';
import { forget, NEW_PASSWORD, newestMail } from '../accounts/_person.ts';
import { type Environment, environmentOf, run, runJson } from './_cli.ts';

const PASSWORD = PASSWORD_ELSEWHERE;
const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-import-test-'));

let gatehouse: Gatehouse;
let env: Environment;
test.before(async () => {
  gatehouse = await startGatehouse();
  env = environmentOf(gatehouse.config);
});
test.after.always(async () => {
  await gatehouse?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

function write(name: string, lines: (string | object)[]): string {
  const path = join(scratch, name);
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  writeFileSync(path, text.join('\n'));
  return path;
}

/** An import with refused lines, which ends with 1, and what it printed. */
async function importRefusing(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await run(['accounts', 'import', ...args, '--json'], env);
  if (code !== 1) throw new Error(`the import ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

const find = async (email: string) => {
  const query = await gatehouse.db.query();
  return query('accounts').where({ email }).first();
};

test('people sign in with the passwords that they had elsewhere, whatever hashed them', async (t) => {
  const hashes = Object.entries({ ...(await foreignHashes(PASSWORD)), ...HASHES_ELSEWHERE });
  const lines = hashes.map(([, password_hash], n) => ({
    ...{ email: `Moved${n}@EXAMPLE.com`, email_verified: true, password_hash },
    ...{ given_name: 'Mo', family_name: `Nr ${n}`, roles: ['developer', 'developer'] },
  }));
  const counts = await runJson(['accounts', 'import', write('kinds.jsonl', lines)], env);
  t.deepEqual(counts, { created: hashes.length, skipped: 0, refused: 0, report: null });
  for (const [n, [kind]] of hashes.entries()) {
    const account = { email: `moved${n}@example.com`, password: PASSWORD };
    const row = await find(`Moved${n}@example.com`);
    t.like(row, {
      state: 'active',
      given_name: 'Mo',
      family_name: `Nr ${n}`,
      roles: ['developer'],
    });
    t.regex(row.password_hash, /^imported:/);
    const back = await attempt(gatehouse, createAgent(gatehouse.issuer), account);
    t.truthy(back.headers.get('Location'), kind);
    t.regex((await find(`Moved${n}@example.com`)).password_hash, /^\$argon2id\$/, kind);
  }
  const query = await gatehouse.db.query();
  const row = await find('Moved0@example.com');
  t.like(
    await query('audit_events').where({ account_id: row.id, type: 'account.created' }).first(),
    {
      detail: { by: 'command line', imported: true },
    },
  );
});

test('an imported account that nobody has used looks like none', async (t) => {
  const { bcrypt } = await foreignHashes(PASSWORD);
  const line = { email: 'silent@example.com', email_verified: true, password_hash: bcrypt };
  await runJson(['accounts', 'import', write('silent.jsonl', [line])], env);
  const answers = [];
  for (const email of ['silent@example.com', 'nobody@example.com']) {
    const answer = await attempt(gatehouse, createAgent(gatehouse.issuer), {
      email,
      password: 'x',
    });
    t.is(answer.status, 400);
    const uid = new URL(answer.url).pathname.split('/')[2] ?? '';
    const text = answer.text.replaceAll(uid, ':uid').replaceAll(email, ':email');
    answers.push(text.replace(/name="csrf" value="[^"]+"/g, ''));
  }
  t.is(answers[0], answers[1]);
});

const refused: [string | object, RegExp][] = [
  ['{"email": "a@example.com"', /^It is not JSON\.$/],
  ['[]', /^It is no JSON object\.$/],
  [{ mail: 'a@example.com' }, /email: /],
  [{ email: 'a@example.com', givenName: 'A' }, /^It has fields that are not known\.$/],
  ['{"email": "a@example.com", "__proto__": {"roles": ["admin"]}}', /fields that are not known/],
  [{ email: 'nobody' }, /^email: It must look like noor@example\.com\.$/],
  [{ email: 'a@example.com,b@example.com' }, /^email: It must look like/],
  [{ email: 'a@example.com', given_name: 'A\u0000' }, /^given_name: A name must have/],
  [{ email: 'a@example.com', roles: ['two words'] }, /^roles\.0: A role must have/],
  [{ email: 'a@example.com', email_verified: 'yes' }, /^email_verified: /],
  [{ email: 'a@example.com', password_hash: 'secret' }, /^password_hash: it is no argon2/],
  [
    { email: 'a@example.com', password_hash: 7 },
    /^password_hash: It must be a string, or an object/,
  ],
  // Each of these once ended the whole run.
  [
    { email: 'a@example.com', password_hash: { algorithm: { toString: 1 } } },
    /strings and numbers/,
  ],
  [
    `{"email":"a@example.com","password_hash":${'{"a":'.repeat(2500)}1${'}'.repeat(2500)}}`,
    /strings and numbers/,
  ],
  [`{"email": "${'x'.repeat(17_000)}"}`, /^It has more than 16384 bytes\.$/],
];
test('a line that is wrong is refused with its number and a reason, and the others are imported', async (t) => {
  const good = (n: number) => ({ email: `good${n}@example.com`, email_verified: true });
  const lines = refused.flatMap(([line], n) => [good(n), line, '']);
  const file = write('refused.jsonl', lines);
  const { code, stdout, stderr } = await run(['accounts', 'import', file], env);
  t.is(code, 1);
  t.regex(
    stdout,
    new RegExp(`^created +${refused.length}\\nalready there +0\\nrefused +${refused.length}\\n$`),
  );
  t.is(stderr, `Why lines were refused, and which, is in ${file}.refused.jsonl.\n`);
  t.is(statSync(`${file}.refused.jsonl`).mode & 0o777, 0o600);
  const report = readFileSync(`${file}.refused.jsonl`, 'utf8').trimEnd().split('\n');
  const problems = report.map((line) => JSON.parse(line));
  for (const [n, [, reason]] of refused.entries()) {
    t.is(problems[n].line, 3 * n + 2);
    t.regex(problems[n].reason, reason);
  }
  t.false(report.join().includes('example.com"'), 'the report repeats nothing of the lines');
  t.is(await find('a@example.com'), undefined);
});

test('bytes that are no UTF-8 are refused; a byte order mark and Windows line ends are not', async (t) => {
  const file = join(scratch, 'bytes.jsonl');
  const lines = [
    Buffer.from('\ufeff{"email":"bom@example.com"}\r\n'),
    Buffer.from([0x7b, 0xff, 0xfe, 0x0a]),
    Buffer.from('{"email":"last@example.com"}'),
  ];
  writeFileSync(file, Buffer.concat(lines));
  t.like(await importRefusing(file), { created: 2, refused: 1 });
});

test('an address that is there, in any letter case, is left as it is', async (t) => {
  const before = await find('sam@example.com');
  const lines = ['SAM@example.com', 'twice@example.com', 'Twice@EXAMPLE.com'].map((email) => ({
    ...{ email, email_verified: true, given_name: 'Other', roles: ['admin'] },
  }));
  const file = write('known.jsonl', lines);
  t.like(await runJson(['accounts', 'import', file], env), { created: 1, skipped: 2 });
  t.like(await runJson(['accounts', 'import', file], env), { created: 0, skipped: 3 });
  t.deepEqual(await find('sam@example.com'), before);
});

test('who has not proven the address proves it by the link of a reset, and only then comes in', async (t) => {
  const email = 'unproven@example.com';
  const { bcrypt } = await foreignHashes(PASSWORD);
  await runJson(
    ['accounts', 'import', write('pending.jsonl', [{ email, password_hash: bcrypt }])],
    env,
  );
  t.is((await find(email)).state, 'pending');
  const agent = createAgent(gatehouse.issuer);
  t.is((await attempt(gatehouse, agent, { email, password: PASSWORD })).status, 400);
  await forget(gatehouse, agent, email);
  const link = (await newestMail(gatehouse, email, 'reset-password')).link();
  const page = await agent.get(link);
  const button = page.html.querySelector('form[action*=reset-password] button')?.textContent.trim();
  await agent.submit(page, button ?? '', { password: NEW_PASSWORD });
  t.like(await find(email), { state: 'active', email_verified: true });
  const back = await attempt(gatehouse, createAgent(gatehouse.issuer), {
    email,
    password: NEW_PASSWORD,
  });
  t.truthy(back.headers.get('Location'));
});

test('a run that was killed is gone on with, and nobody is there twice or missing', async (t) => {
  const { 'SHA-256, LDAP': password_hash = '' } = await foreignHashes(PASSWORD);
  const lines = Array.from({ length: 6000 }, (_, n) => ({
    ...{ email: `person${n}@killed.example`, email_verified: true, password_hash },
  }));
  const file = write('killed.jsonl', ['not JSON', ...lines, 'nor this']);
  // Somebody is signing up with an address of the seventh batch: the import waits there.
  const held = await gatehouse.db.knex.transaction();
  await held('accounts').insert({ id: 'usr_held', email: 'person3100@killed.example' });
  const args = ['src/cli.ts', 'accounts', 'import', file];
  const child = spawn(process.execPath, args, { env: { PATH: process.env['PATH'], ...env } });
  await eventually(
    async () => existsSync(`${file}.progress`),
    (begun) => begun,
    2,
  );
  child.kill('SIGKILL');
  await once(child, 'exit');
  await held.rollback();
  t.true(existsSync(`${file}.progress`), 'it was stopped in the middle');
  const counts = await importRefusing(file, '--resume');
  t.is(Number(counts['created']) + Number(counts['skipped']), 6000);
  t.is(counts['refused'], 2);
  const query = await gatehouse.db.query();
  const [row] = await query('accounts').whereLike('email', '%@killed.example').count();
  t.is(Number(row?.['count']), 6000);
  t.false(existsSync(`${file}.progress`));
  const report = readFileSync(`${file}.refused.jsonl`, 'utf8').trimEnd().split('\n');
  t.deepEqual(
    report.map((line) => JSON.parse(line).line),
    [1, 6002],
  );
});

test('a file that changed since is not gone on with', async (t) => {
  const file = write('changed.jsonl', [{ email: 'changed@example.com' }]);
  const kept = { size: 1, changed: 1, offset: 1, line: 1, created: 1, skipped: 0, refused: 0 };
  writeFileSync(`${file}.progress`, JSON.stringify(kept));
  const { code, stderr } = await run(['accounts', 'import', file, '--resume'], env);
  t.is(code, 1);
  t.regex(stderr, /has changed since that run: leave out --resume/);
});

test('a report never overwrites what is imported', async (t) => {
  const file = write('report.jsonl', [{ email: 'report@example.com' }]);
  const before = readFileSync(file, 'utf8');
  symlinkSync(file, `${file}.link`);
  for (const report of [file, `${file}.link`]) {
    const { code, stderr } = await run(['accounts', 'import', file, '--report', report], env);
    t.is(code, 1);
    t.regex(stderr, /^--report must name another file/);
    t.is(readFileSync(file, 'utf8'), before);
  }
});

test('a file that is missing, or none, is one sentence', async (t) => {
  for (const [file, says] of [
    [join(scratch, 'none.jsonl'), /cannot be read\.\n$/],
    [scratch, /is not a file\.\n$/],
  ] as const) {
    const { code, stderr } = await run(['accounts', 'import', file], env);
    t.is(code, 1);
    t.regex(stderr, says);
    t.is(stderr.trim().split('\n').length, 1);
  }
  const empty = write('empty.jsonl', []);
  t.like(await runJson(['accounts', 'import', empty], env), { created: 0, refused: 0 });
});
