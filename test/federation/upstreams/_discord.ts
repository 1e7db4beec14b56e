// A fake of Discord: forms only, `iss` in callbacks, and addresses that may be unproven or null.
import { createAuthorizationServer, type FakeServer, usesPost } from './_authorization-server.ts';
import { json } from './_fake.ts';

export interface DiscordFake extends FakeServer {
  person: Record<string, unknown>;
}

export function createDiscord(): DiscordFake {
  const server = createAuthorizationServer({
    origins: ['https://discord.com'],
    issuer: 'https://discord.com',
    sendsIss: true,
    authorizationEndpoint: 'https://discord.com/api/oauth2/authorize',
    tokenEndpoint: 'https://discord.com/api/oauth2/token',
    isClient: (request, body) =>
      usesPost(request, body) &&
      request.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded') === true,
    tokens: ({ scopes }) => ({ scope: scopes.join(' ') }),
    routes: {
      'https://discord.com/api/users/@me': { place: 'api', answer: () => json(fake.person) },
    },
  });
  const fake: DiscordFake = Object.assign(server, {
    person: {
      id: '80351110224678912',
      username: 'jo',
      global_name: 'Jo Doe',
      email: 'jo@example.org',
      verified: true,
    },
  });
  return fake;
}
