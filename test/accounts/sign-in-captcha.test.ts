// After a few failures the sign-in page asks for a CAPTCHA, whoever the address belongs to.
import { readCaptcha } from '../../src/config/captcha.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { errorOf, visit } from './_person.ts';
import { readPicture } from './_picture-reader.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse({
    rateLimits: true,
    captcha: readCaptcha({ GATEHOUSE_CAPTCHA: 'svg' }, []),
  });
});
test.after.always(() => gatehouse?.stop());

async function fail(email: string, times: number) {
  const agent = createAgent(gatehouse.issuer);
  let page = await visit(gatehouse, agent);
  for (let time = 0; time < times; time += 1)
    page = await agent.submit(page, 'Sign in', { email, password: 'wrong, and long enough' });
  return { agent, page };
}

test('the third failure shows a CAPTCHA, and without its answer no password is looked at', async (t) => {
  const [account] = gatehouse.accounts;
  const { email, password } = account ?? { email: '', password: '' };
  const { agent, page } = await fail(email, 3);
  const picture = page.html.querySelector('.captcha img')?.getAttribute('src') ?? '';
  t.truthy(picture);
  const missing = await agent.submit(page, 'Sign in', { email, password });
  t.is(missing.status, 400);
  t.truthy(errorOf(missing, 'captcha_answer') ?? errorOf(missing, 'captcha'), missing.text);
  const other = createAgent(gatehouse.issuer);
  const elsewhere = await other.submit(await visit(gatehouse, other), 'Sign in', {
    email,
    password,
  });
  t.is(elsewhere.status, 400, 'another window of the same network is asked as well');
  const again = missing.html.querySelector('.captcha img')?.getAttribute('src') ?? '';
  const answer = readPicture(again);
  const done = await agent.submit(missing, 'Sign in', { email, password, captcha_answer: answer });
  t.is(done.status, 303, done.text);
});

test('an address that nobody has is asked at the same time', async (t) => {
  const { page } = await fail('nobody@example.com', 2);
  t.falsy(page.html.querySelector('.captcha'));
  const { page: third } = await fail('nobody@example.com', 1);
  t.truthy(third.html.querySelector('.captcha'));
});
