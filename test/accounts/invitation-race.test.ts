// One invitation, fifty attempts at once over three server processes: one account.
import test from 'ava';
import { createAgent } from '../_agent.ts';
import { sendTo } from '../_at-node.ts';
import { type Nodes, startNodes } from '../_nodes.ts';
import { inviteSomebody } from './_invitations.ts';

let nodes: Nodes;
test.before(async () => {
  nodes = await startNodes({
    count: 3,
    environment: {
      GATEHOUSE_SIGN_UP: 'invitation',
      // Each attempt comes from a network of its own: none is told to wait.
      GATEHOUSE_TRUSTED_PROXIES: '127.0.0.1',
      // Nobody listens: its mails wait, and that is fine.
      GATEHOUSE_SMTP_URL: 'smtp://127.0.0.1:9',
      GATEHOUSE_MAIL_FROM: 'no-reply@example.com',
    },
  });
});
test.after.always(() => nodes?.stop());

const ATTEMPTS = 50;

test('an invitation is redeemed once in fifty attempts at once', async (t) => {
  const { email, link } = await inviteSomebody(nodes);
  const page = await createAgent(nodes.issuer).get(link);
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  const { pathname, search } = new URL(link);
  const answers = await Promise.all(
    Array.from({ length: ATTEMPTS }, (_, index) => {
      const port = nodes.nodes[index % nodes.nodes.length]?.port ?? 0;
      const params = {
        ...{ csrf, given_name: 'Ines', family_name: `Nr ${index}` },
        password: `the password of lane number ${index}`,
      };
      const headers = { Accept: 'text/html', 'X-Forwarded-For': `192.0.2.${index + 1}` };
      return sendTo(nodes, port, pathname + search, { params, headers });
    }),
  );
  const statuses = answers.map(({ status }) => status);
  t.is(statuses.filter((status) => status === 303).length, 1, statuses.join(' '));
  // Too late, before or after the hash: never a 500.
  t.deepEqual(
    statuses.filter((status) => ![303, 400, 410].includes(status)),
    [],
  );
  t.true(statuses.includes(400), 'some came as far as the redemption');
  const query = await nodes.db.query();
  t.is((await query('accounts').where({ email })).length, 1);
  t.is((await query('oidc_payloads').where({ model: 'Session' })).length, 1);
  const accepted = await query('audit_events').where({ type: 'invitation.accepted' });
  t.is(accepted.length, 1);
});
