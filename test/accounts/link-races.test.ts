// The links of mails, fifty times at once over three server processes: each is redeemed once.
import test from 'ava';
import { type Agent, createAgent } from '../_agent.ts';
import { sendTo } from '../_at-node.ts';
import { type Nodes, startNodes } from '../_nodes.ts';
import { authorizeUrl } from '../_protocol.ts';
import { mailsTo } from './_mails.ts';
import { follow, PASSWORD } from './_person.ts';

const ATTEMPTS = 50;

let nodes: Nodes;
test.before(async () => {
  nodes = await startNodes({
    count: 3,
    environment: {
      GATEHOUSE_SIGN_UP: 'open',
      // Nobody listens: its mails wait, and that is fine.
      GATEHOUSE_SMTP_URL: 'smtp://127.0.0.1:9',
      GATEHOUSE_MAIL_FROM: 'no-reply@example.com',
    },
  });
});
test.after.always(() => nodes?.stop());

/** Waits for the job that writes the mail. */
async function mailed(email: string): Promise<URL> {
  for (;;) {
    const link = (await mailsTo(nodes, email)).at(-1)?.link;
    if (link) return new URL(link);
  }
}

async function attempts(path: string, params: Record<string, string>[], cookie: string) {
  const answers = await Promise.all(
    params.map((fields, index) => {
      const port = nodes.nodes[index % nodes.nodes.length]?.port ?? 0;
      const headers = { Accept: 'text/html', Cookie: cookie };
      return sendTo(nodes, port, path, { params: fields, headers });
    }),
  );
  return answers.map(({ status }) => status);
}

const start = (agent: Agent) => agent.get(authorizeUrl(nodes, nodes.client('web'), {}));
const times = <T>(make: (index: number) => T) =>
  Array.from({ length: ATTEMPTS }, (_, i) => make(i));

test('a confirmation makes one account in fifty attempts at once', async (t) => {
  const email = 'noor@example.com';
  const agent = createAgent(nodes.issuer);
  const form = await follow(agent, await start(agent), 'Create an account');
  await agent.submit(form, 'Create an account', {
    ...{ email, given_name: 'Noor', family_name: 'Haddad', password: PASSWORD },
  });
  const link = await mailed(email);
  const page = await agent.get(link.href);
  const action = page.html.querySelector('main form')?.getAttribute('action') ?? '';
  t.regex(action, /^\/interaction\//);
  const token = link.searchParams.get('token') ?? '';
  const cookie = await agent.jar.getCookieString(nodes.issuer + action);
  const statuses = await attempts(
    action,
    times(() => ({ token })),
    cookie,
  );
  t.is(statuses.filter((status) => status === 303).length, 1, statuses.join(' '));
  t.deepEqual(
    statuses.filter((status) => status !== 303 && status !== 400),
    [],
  );
  const query = await nodes.db.query();
  t.is((await query('accounts').where({ email })).length, 1);
  t.is((await query('audit_events').where({ type: 'account.signed-up' })).length, 1);
});

test('a reset link sets one password in fifty attempts at once', async (t) => {
  const [account] = nodes.accounts;
  const email = account?.email ?? '';
  const agent = createAgent(nodes.issuer);
  const form = await follow(agent, await start(agent), 'Forgot your password?');
  await agent.submit(form, 'Send the mail', { email });
  const token = (await mailed(email)).searchParams.get('token') ?? '';
  const fields = times((index) => ({ token, password: `the password of lane number ${index}` }));
  const statuses = await attempts('/reset-password', fields, '');
  t.is(statuses.filter((status) => status === 200).length, 1, statuses.join(' '));
  t.deepEqual(
    statuses.filter((status) => status !== 200 && status !== 400),
    [],
  );
  const query = await nodes.db.query();
  t.is((await query('audit_events').where({ type: 'password.reset' })).length, 1);
});
