// What is asked about an opaque access token: its claims, and whether it still holds.
import { authorize } from '../person.ts';
import { basic, requestTokens, tokenForm } from '../requests.ts';
import { expectStatus } from '../target.ts';
import type { Place, Workload } from './workload.ts';

async function opaqueToken({ target, connection, signedIn }: Place): Promise<string> {
  const { web } = target.clients;
  const code = await authorize(await signedIn(), { target, client: web, wish: 'identity' });
  return (await requestTokens(connection, web, tokenForm.code(code))).access_token;
}

/** RFC 7662, by the client that the token was given to. */
export const introspection: Workload = {
  name: 'introspection',
  async prepare(place) {
    const token = await opaqueToken(place);
    const headers = basic(place.target.clients.web);
    return async () => {
      const answer = await place.connection.request('/introspect', { headers, form: { token } });
      if (!expectStatus(answer, 200).text.includes('"active":true')) throw new Error(answer.text);
      return true;
    };
  },
};

/** OpenID Connect Core section 5.3. */
export const userinfo: Workload = {
  name: 'userinfo',
  async prepare(place) {
    const headers = { authorization: `Bearer ${await opaqueToken(place)}` };
    return async () => {
      expectStatus(await place.connection.request('/userinfo', { headers }), 200);
      return true;
    };
  },
};
