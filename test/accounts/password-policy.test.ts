// Which new passwords are accepted, and what is asked of others about them.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { createBreachLookup } from '../../src/accounts/passwords/breach-range.ts';
import { createPasswordPolicy } from '../../src/accounts/passwords/policy.ts';
import { readablePassword } from '../../src/accounts/passwords/readable-password.ts';
import { readConfig } from '../../src/config.ts';

const noor = { email: 'noor.haddad@contoso.example', givenName: 'Noor', familyName: 'Haddad' };
const policy = createPasswordPolicy({ productName: 'Fabrikam Gate', minLength: 15 });

const accepted = [
  'seven quiet otters swim',
  'k7mq-x2cd-9fhe-p4rt',
  'zażółć gęślą jaźń dziś',
  '静かな七匹のカワウソが川を泳いでいる',
  'the password of somebody else altogether',
  ' leading and trailing spaces count ',
  '🦦🦭🦔🐿️🦫🦡🦨🦥🐁🐀🦇🐺🦊🐻🐼 otters',
  'x9x9x9x9otters swim in rivers',
];
for (const password of accepted)
  test(`accepted: ${password}`, async (t) => t.is(await policy(password, noor), undefined));

const refused: Record<string, string[]> = {
  'password.too-short': ['', 'fourteen chars', '😀'.repeat(14), 'e\u0301'.repeat(14)],
  'password.too-long': ['otters swim '.repeat(11), '😀'.repeat(129)],
  'password.control-characters': [
    'first long line\nsecond long line',
    'a tab\tin the middle of it',
  ],
  'password.common': [
    ...['Password12345678', 'P@ssw0rd!2345678', 'passwordpassword', 'PasswordPassword1!'],
    ...['123456789012345', '1qaz2wsx3edc4rfv', 'qwertyuiopasdfghjkl', 'letmein123456789'],
    ...['aaaaaaaaaaaaaaaa', 'abcabcabcabcabc', 'trustno1trustno1', 'iloveyouiloveyou1'],
    ...[
      '!!!!!!!!!!!!!!!!',
      'Passwort12345678',
      'motdepasse123456',
      'ＰＡＳＳＷＯＲＤ'.normalize('NFKC').repeat(2),
    ],
  ],
  'password.personal': [
    ...['noorhaddad1234567', 'HADDAD-noor-2026!', 'noor.haddad@contoso.example'],
    ...['fabrikamgate2026', 'Gatehouse-Gatehouse', 'contoso contoso 1'],
  ],
};
for (const [key, passwords] of Object.entries(refused)) {
  test(`refused: ${key}`, async (t) => {
    for (const password of passwords) t.is((await policy(password, noor))?.key, key, password);
  });
}

test('the least length is configured, and never below 8', async (t) => {
  const short = createPasswordPolicy({ productName: 'X', minLength: 8 });
  t.is(await short('otR7 swi', noor), undefined);
  t.deepEqual(await short('otR7 sw', noor), { key: 'password.too-short', values: { min: 8 } });
  const read = (GATEHOUSE_PASSWORD_MIN_LENGTH: string) =>
    readConfig({ GATEHOUSE_DEMO: '1', GATEHOUSE_PASSWORD_MIN_LENGTH }).passwords.minLength;
  t.is(read(''), 15);
  t.is(read('8'), 8);
  for (const wrong of ['7', '0', '-1', '8.5', 'ten', '65', '1e9'])
    t.throws(() => read(wrong), {
      message: /GATEHOUSE_PASSWORD_MIN_LENGTH must be a number from 8 to 64/,
    });
});

test('of passwords that are made by chance few are refused by chance', async (t) => {
  let unlucky = 0;
  for (let n = 0; n < 3000; n += 1) if (await policy(readablePassword(), noor)) unlucky += 1;
  // One is expected; more than ten come once in ten million runs.
  t.true(unlucky <= 10, String(unlucky));
});

/** A service of stolen passwords, and what was asked of it. */
async function open(t: ExecutionContext, answer: RequestListener) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const errors: unknown[] = [];
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/range/`;
  const isBreached = createBreachLookup({ url, onError: (error) => errors.push(error) });
  return {
    asked,
    errors,
    ask: createPasswordPolicy({ productName: 'X', minLength: 15, isBreached }),
  };
}

const STOLEN = 'a stolen and otherwise fine password';
const digest = createHash('sha1').update(STOLEN).digest('hex').toUpperCase();

test('a password that was stolen somewhere is refused, and only five digits leave the server', async (t) => {
  const { asked, errors, ask } = await open(t, (_request, response) =>
    response.end(`${'0'.repeat(35)}:3\r\n${digest.slice(5)}:12\r\n${'F'.repeat(35)}:0\r\n`),
  );
  t.is((await ask(STOLEN, noor))?.key, 'password.common');
  t.deepEqual(asked, [`/range/${digest.slice(0, 5)}`]);
  t.is(await ask('seven quiet otters swim', noor), undefined);
  t.is((await ask('Password12345678', noor))?.key, 'password.common');
  t.is(asked.length, 2, 'what is refused anyway is not asked about');
  t.deepEqual(errors, []);
});

test('padding is no hit', async (t) => {
  const { ask } = await open(t, (_request, response) => response.end(`${digest.slice(5)}:0\r\n`));
  t.is(await ask(STOLEN, noor), undefined);
});

const troubles: Record<string, RequestListener> = {
  'answers 503': (_request, response) => response.writeHead(503).end(),
  'hangs up': (request) => request.socket.destroy(),
  'says nothing': () => undefined,
  'never ends': (_request, response) => void response.write('0'),
};
for (const [name, trouble] of Object.entries(troubles)) {
  test(`a service that ${name} holds up nobody, and the log says so`, async (t) => {
    const { errors, ask } = await open(t, trouble);
    t.is(await ask(STOLEN, noor), undefined);
    t.is(errors.length, 1);
  });
}
