// Every kind of CAPTCHA keeps the same contract.
import { solveChallenge } from 'altcha-lib/v1';
import type { Page } from '../_agent.ts';
import type { Gatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { type KindUnderTest, testCaptchaKind } from './_captcha-contract.ts';
import { fieldValue } from './_captcha-forms.ts';
import { readPicture } from './_picture-reader.ts';
import { type Siteverify, startSiteverify, tokenFor } from './_siteverify.ts';

let siteverify: Siteverify;
test.before('the stand-in starts', async () => {
  siteverify = await startSiteverify();
});
test.after.always('the stand-in stops', () => siteverify?.stop());

async function age({ db }: Gatehouse): Promise<void> {
  const query = await db.query();
  await query('captcha_challenges').update({
    expires_at: query.raw("now() - interval '1 second'"),
  });
}

testCaptchaKind({
  name: 'svg',
  config: () => ({}),
  answer: (page) => ({
    captcha_id: fieldValue(page, 'captcha_id'),
    captcha_answer: readPicture(
      page.html.querySelector('fieldset.captcha img')?.getAttribute('src') ?? '',
    ).toLowerCase(),
  }),
  wrong: (right) => ({ ...right, captcha_answer: 'wwwwww' }),
  async expire(right, gatehouse) {
    await age(gatehouse);
    return right;
  },
  bound: 'form',
  problems: { wrong: /^That is not what the picture shows/, missing: /^Enter what the picture/ },
});

/** Does the work that a page asks for. */
async function work(page: Page): Promise<string> {
  const text = page.html.querySelector('[data-work]')?.getAttribute('data-work') ?? '';
  const challenge = JSON.parse(text);
  const { salt, maxnumber } = challenge;
  const solved = await solveChallenge(challenge.challenge, salt, 'SHA-256', maxnumber).promise;
  return encodeWork({ ...challenge, number: solved?.number });
}
const encodeWork = (solution: object) => Buffer.from(JSON.stringify(solution)).toString('base64');

testCaptchaKind({
  name: 'altcha',
  config: () => ({}),
  answer: async (page) => ({ captcha_work: await work(page) }),
  wrong(right) {
    const solution = JSON.parse(Buffer.from(right['captcha_work'] ?? '', 'base64').toString());
    return { captcha_work: encodeWork({ ...solution, number: (solution.number + 1) % 50_000 }) };
  },
  async expire(right, gatehouse) {
    await age(gatehouse);
    return right;
  },
  bound: 'form',
  problems: { wrong: /^That check is too old/, missing: /^Start the check/ },
});

/** A service, whose tokens say of themselves what it will say of them. */
function service(
  name: KindUnderTest['name'],
  field: string,
  { namesAction }: { namesAction: boolean },
): KindUnderTest {
  const hostname = '127.0.0.1';
  return {
    name,
    config: () => ({ verifyUrl: siteverify.url }),
    answer(page) {
      const action = page.html.querySelector('[data-sitekey]')?.getAttribute('data-action');
      return { [field]: tokenFor({ success: true, hostname, ...(namesAction ? { action } : {}) }) };
    },
    wrong: () => ({
      [field]: tokenFor({ success: false, 'error-codes': ['invalid-input-response'] }),
    }),
    expire: () => ({
      [field]: tokenFor({ success: false, 'error-codes': ['timeout-or-duplicate'] }),
    }),
    bound: namesAction ? 'action' : 'host',
    problems: { wrong: /^The check was not passed/, missing: /^Please complete this check/ },
  };
}

testCaptchaKind(service('turnstile', 'cf-turnstile-response', { namesAction: true }));
testCaptchaKind(service('hcaptcha', 'h-captcha-response', { namesAction: false }));
testCaptchaKind(service('recaptcha', 'g-recaptcha-response', { namesAction: false }));
