// What the environment says about the CAPTCHA, and every problem of it at once.
import test from 'ava';
import { readConfig } from '../../src/config.ts';
import { UsageError } from '../../src/errors.ts';

const captchaOf = (values: Record<string, string>) => readConfig(values).captcha;

function problemsOf(values: Record<string, string>): readonly string[] {
  try {
    readConfig(values);
    return [];
  } catch (error) {
    if (error instanceof UsageError) return error.problems;
    throw error;
  }
}

const service = { GATEHOUSE_CAPTCHA_SITE_KEY: 'site', GATEHOUSE_CAPTCHA_SECRET: 'secret' };

test('the picture and the proof of work are the default, and off asks nothing', (t) => {
  t.deepEqual(captchaOf({}).kinds, ['svg', 'altcha']);
  t.deepEqual(captchaOf({ GATEHOUSE_CAPTCHA: 'off' }).kinds, []);
});

test('a service stands alone or beside our own kinds', (t) => {
  const given = { ...service, GATEHOUSE_CAPTCHA: 'turnstile, svg' };
  t.deepEqual(captchaOf(given).kinds, ['svg', 'turnstile']);
  const scoring = { GATEHOUSE_CAPTCHA: 'recaptcha', GATEHOUSE_CAPTCHA_MIN_SCORE: '0.7' };
  t.is(captchaOf({ ...service, ...scoring }).minScore, 0.7);
});

test('every problem is told at once', (t) => {
  const given = {
    GATEHOUSE_CAPTCHA: 'turnstile,hcaptcha,sgv',
    GATEHOUSE_CAPTCHA_SITE_KEY: 'site',
    GATEHOUSE_CAPTCHA_MIN_SCORE: '7',
    GATEHOUSE_CAPTCHA_VERIFY_URL: 'http://verify.example',
  };
  t.deepEqual(problemsOf(given), [
    'GATEHOUSE_CAPTCHA must be off, or a list of svg, altcha, turnstile, hcaptcha, recaptcha.',
    'GATEHOUSE_CAPTCHA names turnstile and hcaptcha: choose one of them.',
    'GATEHOUSE_CAPTCHA=turnstile needs GATEHOUSE_CAPTCHA_SITE_KEY and GATEHOUSE_CAPTCHA_SECRET.',
    'GATEHOUSE_CAPTCHA_VERIFY_URL must be an https URL; http is allowed on loopback only.',
    'GATEHOUSE_CAPTCHA_MIN_SCORE must be a number above 0, and at most 1.',
    'GATEHOUSE_CAPTCHA_MIN_SCORE is for GATEHOUSE_CAPTCHA=recaptcha.',
  ]);
});

test('a secret that cannot be read from its file is told', (t) => {
  const given = { GATEHOUSE_CAPTCHA: 'hcaptcha', GATEHOUSE_CAPTCHA_SITE_KEY: 'site' };
  const [first] = problemsOf({ ...given, GATEHOUSE_CAPTCHA_SECRET_FILE: '/nowhere' });
  t.is(first, 'GATEHOUSE_CAPTCHA_SECRET_FILE names /nowhere, which cannot be read.');
});
