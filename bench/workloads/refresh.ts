// A public client refreshes: each answer brings the token of the next request.
import { authorize } from '../person.ts';
import { requestTokens, tokenForm } from '../requests.ts';
import type { Workload } from './workload.ts';

export const refresh: Workload = {
  name: 'refresh',
  async prepare({ target, connection, signedIn }) {
    const { spa } = target.clients;
    const code = await authorize(await signedIn(), { target, client: spa, wish: 'api' });
    let tokens = await requestTokens(connection, spa, tokenForm.code(code));
    return async () => {
      const { refresh_token: token } = tokens;
      if (!token) throw new Error(`${target.name} gave no refresh token`);
      tokens = await requestTokens(connection, spa, tokenForm.refresh(token));
      if (tokens.refresh_token === token) throw new Error(`${target.name} does not rotate`);
      return true;
    };
  },
};
