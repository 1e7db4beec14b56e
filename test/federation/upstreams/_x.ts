// A fake of X: PKCE or nothing, Basic that is compared as it is, and everything below `data`.
import {
  CLIENT_ID,
  CLIENT_SECRET,
  createAuthorizationServer,
  type FakeServer,
} from './_authorization-server.ts';
import { json } from './_fake.ts';

export interface XFake extends FakeServer {
  person: Record<string, string>;
}

const BASIC = `Basic ${Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64')}`;
const NEEDED = ['tweet.read', 'users.read'];

// As X words them.
const OWN_ERRORS: Record<string, { status: number; error: string; error_description: string }> = {
  invalid_client: {
    status: 401,
    error: 'unauthorized_client',
    error_description: 'Missing valid authorization header',
  },
  invalid_grant: {
    status: 400,
    error: 'invalid_request',
    error_description: 'Value passed for the authorization code was invalid.',
  },
};

export function createX(): XFake {
  let scopes: string[] = [];
  const server = createAuthorizationServer({
    origins: ['https://x.com', 'https://api.x.com'],
    issuer: 'https://x.com',
    authorizationEndpoint: 'https://x.com/i/oauth2/authorize',
    tokenEndpoint: 'https://api.x.com/2/oauth2/token',
    isClient: ({ headers }, body) =>
      headers.get('authorization') === BASIC && body.has('code_verifier'),
    tokenError: ({ error, ...more }) => {
      const own = OWN_ERRORS[error];
      return own ? json(own, own.status) : json({ error, ...more }, 400);
    },
    tokens(asked) {
      scopes = asked.scopes;
      return { token_type: 'bearer', scope: scopes.join(' ') };
    },
    routes: {
      'https://api.x.com/2/users/me': {
        place: 'api',
        answer({ url }) {
          if (!NEEDED.every((scope) => scopes.includes(scope)))
            return json({ title: 'Forbidden', status: 403 }, 403);
          const { confirmed_email, ...always } = fake.person;
          const isShown =
            url.searchParams.get('user.fields')?.includes('confirmed_email') &&
            scopes.includes('users.email');
          return json({ data: { ...always, ...(isShown ? { confirmed_email } : {}) } });
        },
      },
    },
  });
  const fake: XFake = Object.assign(server, {
    person: { id: '2244994945', name: 'Jo Doe', username: 'jo', confirmed_email: 'jo@example.org' },
  });
  return fake;
}
