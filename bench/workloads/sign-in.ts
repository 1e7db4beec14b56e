// Whole flows: authorize, sign in or not, resume, code, tokens.
import { authorize, newBrowser } from '../person.ts';
import { requestTokens, tokenForm } from '../requests.ts';
import type { Workload } from './workload.ts';

/** A new browser each time: page, password (argon2id), resume, code, tokens. Six requests. */
export const signIn: Workload = {
  name: 'sign-in',
  prepare:
    async ({ target, connection }) =>
    async () => {
      const { web } = target.clients;
      const browser = newBrowser(target, connection);
      const code = await authorize(browser, { target, client: web, wish: 'api' });
      await requestTokens(connection, web, tokenForm.code(code));
      return true;
    },
};

/** Somebody with a session: straight back with a code, and tokens. Two requests. */
export const singleSignOn: Workload = {
  name: 'sso',
  async prepare({ target, connection, signedIn }) {
    const { web } = target.clients;
    const browser = await signedIn();
    return async () => {
      const code = await authorize(browser, { target, client: web, wish: 'api' });
      await requestTokens(connection, web, tokenForm.code(code));
      return true;
    };
  },
};
