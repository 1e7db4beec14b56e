// A fake of any OAuth 2.0 server that describes the person in its own words.
import { createAuthorizationServer, type FakeServer, usesBasic } from './_authorization-server.ts';
import { json } from './_fake.ts';

export interface OAuth2Fake extends FakeServer {
  /** What its userinfo endpoint answers. */
  answer: Record<string, unknown>;
}

export const OAUTH2_SETTINGS = {
  authorization_endpoint: 'https://id.example.net/oauth/authorize',
  token_endpoint: 'https://id.example.net/oauth/token',
  userinfo_endpoint: 'https://api.example.net/v1/me',
  claims: {
    id: 'result.user.id',
    email: 'result.user.mail',
    email_verified: 'result.user.mail_checked',
    name: 'result.user.label',
  },
};

export function createOAuth2(): OAuth2Fake {
  const { authorization_endpoint, token_endpoint, userinfo_endpoint } = OAUTH2_SETTINGS;
  const server = createAuthorizationServer({
    origins: ['https://id.example.net', 'https://api.example.net'],
    issuer: 'https://id.example.net',
    authorizationEndpoint: authorization_endpoint,
    tokenEndpoint: token_endpoint,
    isClient: usesBasic,
    routes: { [userinfo_endpoint]: { place: 'api', answer: () => json(fake.answer) } },
  });
  const user = { id: 42, mail: 'jo@example.org', mail_checked: true, label: 'Jo Doe' };
  const fake = Object.assign(server, { answer: { result: { user } } as Record<string, unknown> });
  return fake;
}
