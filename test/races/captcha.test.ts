// One CAPTCHA answer counts once, whichever of several server processes is asked.
import test from 'ava';
import { sendTo } from '../_at-node.ts';
import { type Nodes, startNodes } from '../_nodes.ts';
import { fieldValue, filledIn, visit } from '../accounts/_captcha-forms.ts';
import { readPicture } from '../accounts/_picture-reader.ts';

let nodes: Nodes;
test.before(async () => {
  nodes = await startNodes({
    count: 3,
    environment: {
      GATEHOUSE_CAPTCHA: 'svg,altcha',
      GATEHOUSE_SIGN_UP: 'open',
      GATEHOUSE_SMTP_URL: 'smtp://127.0.0.1:9',
      GATEHOUSE_MAIL_FROM: 'gatehouse@example.com',
      // Each attempt comes from a network of its own, so that throttling does not decide the race.
      GATEHOUSE_TRUSTED_PROXIES: '127.0.0.1',
    },
  });
});
test.after.always(() => nodes?.stop());

test('of 50 parallel sign-ups with one answer at three processes one goes on', async (t) => {
  const { agent, open } = await visit(nodes);
  for (let round = 0; round < 3; round += 1) {
    const page = await open('sign-up');
    const Cookie = await agent.jar.getCookieString(page.url);
    const picture = page.html.querySelector('fieldset.captcha img')?.getAttribute('src') ?? '';
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => {
        const port = nodes.nodes[index % nodes.nodes.length]?.port ?? 0;
        return sendTo(nodes, port, new URL(page.url).pathname, {
          params: {
            ...filledIn(),
            csrf: fieldValue(page, 'csrf'),
            captcha_id: fieldValue(page, 'captcha_id'),
            captcha_answer: readPicture(picture),
          },
          headers: {
            ...{ Cookie, Accept: 'text/html', 'X-Forwarded-For': `10.${round}.${index}.1` },
            ...{ 'X-Forwarded-Proto': 'http', 'X-Forwarded-Host': new URL(nodes.issuer).host },
          },
        });
      }),
    );
    const statuses = answers.map(({ status }) => status);
    t.is(statuses.filter((status) => status === 200).length, 1, statuses.join());
    t.true(
      statuses.every((status) => [200, 400, 503].includes(status)),
      statuses.join(),
    );
    const [won] = answers.filter(({ status }) => status === 200);
    t.regex(won?.text ?? '', /We wrote to/);
  }
});
