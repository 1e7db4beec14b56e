// The least that signs a person in: a form, and the same password check as Gatehouse.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Provider } from 'oidc-provider';
import type { Passwords } from '../../src/accounts/passwords/passwords.ts';

/** Answers GET and POST /interaction/:uid. */
export function createSignIn(deps: {
  provider: Provider;
  passwords: Passwords;
  person: { id: string; email: string; passwordHash: string };
}) {
  const { provider, passwords, person } = deps;

  const mayEnter = async (req: IncomingMessage) => {
    const form = new URLSearchParams(await text(req));
    const hash = form.get('email') === person.email ? person.passwordHash : undefined;
    return (await passwords.verify(hash, form.get('password') ?? '')).matches;
  };

  return async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { uid } = await provider.interactionDetails(req, res);
    const posted = req.method === 'POST';
    if (posted && (await mayEnter(req))) {
      const login = { accountId: person.id, amr: ['pwd'], remember: true };
      return provider.interactionFinished(req, res, { login });
    }
    res.writeHead(posted ? 400 : 200, { 'Content-Type': 'text/html' });
    res.end(`<!doctype html><title>Sign in</title><form method="post" action="/interaction/${uid}">
      <input name="email"><input name="password" type="password"><button>Sign in</button></form>`);
  };
}
