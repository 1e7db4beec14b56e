// /me: the person who allowed the token.
import { z } from 'zod';
import { type Endpoint, endpoint } from '../endpoint.ts';

const me = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    client_id: z.string().describe('The client that calls.'),
    scopes: z.array(z.string()).describe('What its token may do here.'),
  })
  .meta({ id: 'Me' });

export const ME: Endpoint[] = [
  endpoint({
    method: 'GET',
    path: '/me',
    name: 'getMe',
    summary: 'Who you are, and what the token may do.',
    scope: 'applications:read',
    query: z.strictObject({}),
    body: z.strictObject({}),
    status: 200,
    answer: me,
    async work(_deps, { account, clientId, scopes }) {
      const { id, displayName: name, email } = account;
      return { body: { id, name, email, client_id: clientId, scopes } };
    },
  }),
];
