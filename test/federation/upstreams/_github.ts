// A fake of GitHub as it is since April 2026: errors with status 200, `iss` in callbacks, forms unless
// JSON is asked for, scopes with commas, and nothing for who does not name their program.
import { createAuthorizationServer, type FakeServer, usesPost } from './_authorization-server.ts';
import { json, type SeenRequest } from './_fake.ts';

export interface GitHubFake extends FakeServer {
  person: { id: number; login: string; name: string | null };
  emails: { email: string; primary: boolean; verified: boolean; visibility: string | null }[];
  organizations: { id: number; login: string }[];
  /** Scopes that the person unticks. */
  unticked: string[];
}

/** `base`: of an Enterprise Server. */
export function createGitHub({ base = 'https://github.com' } = {}): GitHubFake {
  const api = base === 'https://github.com' ? 'https://api.github.com' : `${base}/api/v3`;
  let granted: string[] = [];
  const named = (answer: (request: SeenRequest) => Response) => (request: SeenRequest) =>
    request.headers.get('user-agent')
      ? answer(request)
      : new Response('Request forbidden by administrative rules.', { status: 403 });
  const needs = (scope: string, body: () => unknown) =>
    named(() => (granted.includes(scope) ? json(body()) : json({ message: 'Not Found' }, 404)));
  const server = createAuthorizationServer({
    origins: [base, new URL(api).origin],
    issuer: `${base}/login/oauth`,
    sendsIss: true,
    authorizationEndpoint: `${base}/login/oauth/authorize`,
    tokenEndpoint: `${base}/login/oauth/access_token`,
    isClient: (request, body) =>
      usesPost(request, body) && request.headers.get('accept') === 'application/json',
    tokenError: ({ error, ...more }) =>
      json({ error: OWN_ERRORS[error] ?? error, error_description: 'see the docs', ...more }),
    tokens({ scopes }) {
      granted = scopes.filter((scope) => !fake.unticked.includes(scope));
      return { token_type: 'bearer', scope: granted.join(',') };
    },
    routes: {
      [`${api}/user`]: { place: 'api', answer: named(() => json(fake.person)) },
      [`${api}/user/emails`]: { place: 'api', answer: needs('user:email', () => fake.emails) },
      [`${api}/user/orgs`]: { place: 'api', answer: needs('read:org', () => fake.organizations) },
    },
  });
  const fake: GitHubFake = Object.assign(server, {
    person: { id: 583231, login: 'jo', name: 'Jo Doe' },
    emails: [
      { email: 'old@example.org', primary: false, verified: true, visibility: null },
      { email: 'jo@example.org', primary: true, verified: true, visibility: 'private' },
    ],
    organizations: [],
    unticked: [],
  });
  return fake;
}

const OWN_ERRORS: Record<string, string> = {
  invalid_client: 'incorrect_client_credentials',
  invalid_grant: 'bad_verification_code',
};
