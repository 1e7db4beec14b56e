// A fake of Facebook with "Require App Secret" on, and the Graph API's errors.
import { createHmac } from 'node:crypto';
import {
  CLIENT_SECRET,
  createAuthorizationServer,
  type FakeServer,
  usesPost,
} from './_authorization-server.ts';
import { json, type SeenRequest } from './_fake.ts';

export interface FacebookFake extends FakeServer {
  person: Record<string, string>;
}

const VERSION = 'v26.0';

/** `version`: the only one of the Graph API that still works. */
export function createFacebook({ version = VERSION } = {}): FacebookFake {
  const server = createAuthorizationServer({
    origins: ['https://www.facebook.com', 'https://graph.facebook.com'],
    issuer: 'https://www.facebook.com',
    authorizationEndpoint: `https://www.facebook.com/${version}/dialog/oauth`,
    tokenEndpoint: `https://graph.facebook.com/${version}/oauth/access_token`,
    isClient: usesPost,
    tokenError: ({ error, error_description = error }) =>
      graphError(error === 'invalid_client' ? 1 : 100, error_description),
    routes: {
      [`https://graph.facebook.com/${version}/me`]: {
        place: 'api',
        answer: (request) =>
          hasProof(request)
            ? json(pick(fake.person, request))
            : graphError(100, 'API calls from the server require an appsecret_proof argument'),
      },
    },
  });
  const fake = Object.assign(server, {
    person: {
      id: '10220000000000001',
      name: 'Jo Doe',
      first_name: 'Jo',
      last_name: 'Doe',
      email: 'jo@example.org',
    },
  });
  return fake;
}

const graphError = (code: number, message: string) =>
  json({ error: { message, type: 'OAuthException', code, fbtrace_id: 'A1b2C3' } }, 400);

function hasProof({ headers, url }: SeenRequest): boolean {
  const token = headers.get('authorization')?.replace('Bearer ', '') ?? '';
  const proof = createHmac('sha256', CLIENT_SECRET).update(token).digest('hex');
  return url.searchParams.get('appsecret_proof') === proof;
}

function pick(person: Record<string, string>, { url }: SeenRequest): Record<string, string> {
  const fields = url.searchParams.get('fields')?.split(',') ?? ['id', 'name'];
  return Object.fromEntries(Object.entries(person).filter(([name]) => fields.includes(name)));
}
