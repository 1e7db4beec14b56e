// A process of its own: oidc-provider as it comes, with state in memory. It is told by its parent
// whom it serves, and says when it listens.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import { createPasswords } from '../src/accounts/passwords/passwords.ts';
import { createBareConfiguration } from './_bare/configuration.ts';
import { createSignIn } from './_bare/sign-in.ts';
import type { Clients, Person } from './scenario.ts';

async function start({ clients, person }: { clients: Clients; person: Person }): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const passwords = await createPasswords({ peppers: [Buffer.alloc(32, 'pepper')] });
  const id = 'usr_bench';
  const account = {
    accountId: id,
    claims: () => ({ sub: id, email: person.email, email_verified: true }),
  };
  const provider = new Provider(issuer, await createBareConfiguration({ clients, account }));
  const passwordHash = await passwords.hash(person.password);
  const signIn = createSignIn({
    provider,
    passwords,
    person: { id, email: person.email, passwordHash },
  });
  const protocol = provider.callback();
  server.on('request', (req, res) => {
    const handle = req.url?.startsWith('/interaction/') ? signIn : protocol;
    void handle(req, res);
  });
  return issuer;
}

process.once('message', (given: { clients: Clients; person: Person }) => {
  void start(given).then((issuer) => process.send?.(issuer));
});
process.once('disconnect', () => process.exit());
