// The settings of key times: what would break tokens is refused, all of it at once, in plain words.
import { randomBytes } from 'node:crypto';
import test from 'ava';
import { type Environment, run } from '../cli/_cli.ts';

const secret = () => randomBytes(32).toString('base64url');
const CONFIGURED: Environment = {
  GATEHOUSE_ISSUER: 'https://auth.example.com',
  DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  GATEHOUSE_COOKIE_KEYS: secret(),
  GATEHOUSE_ENCRYPTION_KEYS: secret(),
  GATEHOUSE_PASSWORD_PEPPERS: secret(),
  GATEHOUSE_HASH_KEYS: secret(),
};
const problemsOf = async (settings: Environment) => {
  const { stderr } = await run(['keys', 'list'], { ...CONFIGURED, ...settings });
  return stderr.split('\n').filter((line) => line.includes('GATEHOUSE_KEY_'));
};

test('times shorter than caches and tokens live are refused, all at once', async (t) => {
  const problems = await problemsOf({
    GATEHOUSE_KEY_PUBLISH_SECONDS: '299',
    GATEHOUSE_KEY_KEEP_SECONDS: '3899',
    GATEHOUSE_KEY_ROTATION_DAYS: '0',
  });
  t.is(problems.length, 4);
  t.regex(problems[0] ?? '', /GATEHOUSE_KEY_PUBLISH_SECONDS must be at least 300: backends keep/);
  t.regex(problems[1] ?? '', /GATEHOUSE_KEY_KEEP_SECONDS must be at least 3900: the JWKS cache/);
  t.regex(problems[2] ?? '', /GATEHOUSE_KEY_ROTATION_DAYS must be at least 1/);
  t.regex(problems[3] ?? '', /GATEHOUSE_KEY_ROTATION_DAYS must be longer than GATEHOUSE_KEY_PUBL/);
});

test('a key is published before it signs: a shorter interval is refused', async (t) => {
  const settings = { GATEHOUSE_KEY_PUBLISH_SECONDS: '172800', GATEHOUSE_KEY_ROTATION_DAYS: '2' };
  const [problem = ''] = await problemsOf(settings);
  t.regex(problem, /GATEHOUSE_KEY_ROTATION_DAYS must be longer than GATEHOUSE_KEY_PUBLISH_SECONDS/);
});

test('what is no number is said to be none', async (t) => {
  const [problem = ''] = await problemsOf({ GATEHOUSE_KEY_KEEP_SECONDS: '25h' });
  t.regex(problem, /GATEHOUSE_KEY_KEEP_SECONDS must be a whole number of seconds\./);
});

test('the shortest times that are safe are accepted', async (t) => {
  const problems = await problemsOf({
    GATEHOUSE_KEY_PUBLISH_SECONDS: '300',
    GATEHOUSE_KEY_KEEP_SECONDS: '3900',
    GATEHOUSE_KEY_ROTATION_DAYS: '1',
  });
  t.deepEqual(problems, []);
});
