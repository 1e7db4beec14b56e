// What every kind of CAPTCHA must keep, through the forms that it protects.
import { randomUUID } from 'node:crypto';
import type { Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { type Fields, isAccepted, problemOf, visit } from './_captcha-forms.ts';

type CaptchaConfig = Gatehouse['config']['captcha'];

export interface KindUnderTest {
  name: CaptchaConfig['kinds'][number];
  config: () => Partial<CaptchaConfig>;
  /** The right answer to what the page shows. */
  answer(page: Page, gatehouse: Gatehouse): Promise<Fields> | Fields;
  /** A wrong answer in its place. */
  wrong(right: Fields, gatehouse: Gatehouse): Fields;
  /** Makes a right answer too old. */
  expire(right: Fields, gatehouse: Gatehouse): Promise<Fields> | Fields;
  /** What an answer belongs to: a service knows no form of ours, some not even the action. */
  bound: 'form' | 'action' | 'host';
  problems: { wrong: RegExp; missing: RegExp };
}

const PARALLEL = 50;

/** Registers the tests of one kind. */
export function testCaptchaKind(kind: KindUnderTest): void {
  let gatehouse: Gatehouse;
  test.before(`${kind.name}: starts`, async () => {
    const captcha = { kinds: [kind.name], siteKey: 'site', secret: 'secret', verifyUrl: undefined };
    gatehouse = await startGatehouse({ captcha: { ...captcha, ...kind.config() } });
  });
  test.after.always(`${kind.name}: stops`, () => gatehouse?.stop());

  const begin = async () => {
    const browser = await visit(gatehouse);
    const page = await browser.open('sign-up');
    return { ...browser, page, right: await kind.answer(page, gatehouse) };
  };

  test(`${kind.name}: a right answer is accepted, and only once`, async (t) => {
    const { page, send, right } = await begin();
    const first = await send(page, 'sign-up', right);
    t.true(isAccepted(first), first.text);
    const again = await send(page, 'sign-up', right);
    t.is(again.status, 400);
    t.regex(problemOf(again) ?? '', kind.problems.wrong);
  });

  test(`${kind.name}: the form for a forgotten password asks too`, async (t) => {
    const { open, send } = await begin();
    const page = await open('forgot-password');
    const missing = await send(page, 'forgot-password', {});
    t.is(missing.status, 400);
    t.regex(problemOf(missing) ?? '', kind.problems.missing);
    const sent = await send(page, 'forgot-password', await kind.answer(page, gatehouse));
    t.true(isAccepted(sent), sent.text);
  });

  test(`${kind.name}: no answer and a wrong one are refused, and the form keeps what was typed`, async (t) => {
    const { page, send, right } = await begin();
    const missing = await send(page, 'sign-up', {});
    t.regex(problemOf(missing) ?? '', kind.problems.missing);
    const email = `${randomUUID()}@example.com`;
    const wrong = await send(page, 'sign-up', { ...kind.wrong(right, gatehouse), email });
    t.is(wrong.status, 400);
    t.regex(problemOf(wrong) ?? '', kind.problems.wrong);
    t.is(wrong.html.querySelector('#email')?.getAttribute('value'), email);
    t.is(wrong.html.querySelector('#password')?.getAttribute('value') ?? '', '');
  });

  test(`${kind.name}: what is no answer at all is a wrong one`, async (t) => {
    const { page, send, right } = await begin();
    for (const junk of ['\u0000', '{}', '💥', 'x'.repeat(9000)]) {
      const fields = Object.fromEntries(Object.keys(right).map((name) => [name, junk]));
      const answer = await send(page, 'sign-up', fields);
      t.is(answer.status, 400, junk);
      t.truthy(problemOf(answer), junk);
    }
  });

  test(`${kind.name}: an old answer is refused`, async (t) => {
    const { page, send, right } = await begin();
    const late = await send(page, 'sign-up', await kind.expire(right, gatehouse));
    t.is(late.status, 400);
    t.regex(problemOf(late) ?? '', kind.problems.wrong);
  });

  if (kind.bound === 'form')
    test(`${kind.name}: an answer does not count for the form of another visit`, async (t) => {
      const { right } = await begin();
      const other = await begin();
      const stolen = await other.send(other.page, 'sign-up', right);
      t.is(stolen.status, 400);
      t.regex(problemOf(stolen) ?? '', kind.problems.wrong);
    });

  if (kind.bound !== 'host')
    test(`${kind.name}: an answer does not count for another action`, async (t) => {
      const { open, send, right } = await begin();
      const reset = await open('forgot-password');
      const stolen = await send(reset, 'forgot-password', right);
      t.is(stolen.status, 400);
      t.regex(problemOf(stolen) ?? '', kind.problems.wrong);
    });

  test(`${kind.name}: of ${PARALLEL} parallel uses of one answer one is accepted`, async (t) => {
    const { page, send, right } = await begin();
    const all = await Promise.all(
      Array.from({ length: PARALLEL }, () => send(page, 'sign-up', right)),
    );
    t.is(all.filter(isAccepted).length, 1);
    // Nobody else gets through; whoever finds all connections taken is told to come back.
    for (const { status } of all.filter((one) => !isAccepted(one)))
      t.true(status === 400 || status === 503, `${status}`);
  });
}
