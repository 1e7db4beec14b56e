// The data that the tests of the credentials pages show.
import type { CredentialSummary, CredentialViews } from '../../src/http/views/credential.ts';

const moment = { iso: '2026-11-28T09:30:00.000Z', text: 'Nov 28, 2026, 9:30 AM UTC' };
const page = {
  account: { name: 'Ada Lovelace', email: 'ada@example.com' },
  csrf: 'a"token',
  notice: undefined,
  section: 'credentials' as const,
  application: {
    ...{ id: 'app_1', name: 'Trucks', kind: 'machine' as const, state: 'active' as const },
    ...{ verified: false, logoUrl: undefined },
  },
};
const client = { environment: 'production' as const, clientId: 'c_0123456789abcdef01234567' };

function credential(id: string, changes: Partial<CredentialSummary> = {}): CredentialSummary {
  return {
    ...{ id, kind: 'secret', name: 'Nightly "sync" <b>', hint: 'gh_sec_ab12…', state: 'live' },
    ...{ created: moment, createdBy: 'Grace Hopper', expires: moment, idle: false },
    lastUsed: { at: moment, network: '2001:db8:1:2::/64' },
    ...changes,
  };
}

export const credentialSamples: CredentialViews = {
  'application/credentials': {
    ...page,
    idempotencyKey: 'a'.repeat(32),
    isPublic: false,
    most: 10,
    alert: 'There are 10 credentials already. Revoke one that is not used any more.',
    typed: { environment: 'sandbox', name: 'next', jwks: '{"keys":[]}', jwksUri: '' },
    clients: [
      {
        ...client,
        jwksUri: 'https://trucks.example.com/keys',
        credentials: [
          credential('cr_1'),
          credential('cr_2', { state: 'retiring', createdBy: '' }),
          credential('cr_3', { kind: 'key', hint: 'key-1', expires: undefined, idle: true }),
          credential('cr_4', { state: 'suspended', lastUsed: undefined }),
          credential('cr_5', { state: 'ended' }),
        ],
      },
      { environment: 'sandbox', clientId: 'c_1', jwksUri: undefined, credentials: [] },
    ],
  },
  'application/credential-added': {
    ...{ ...page, ...client, name: 'spring', secret: `gh_sec_${'x'.repeat(43)}_01234567` },
    file: 'CLIENT_ID=c_1\nCLIENT_SECRET=x\n',
  },
  'application/credential-last': {
    ...page,
    credential: { id: 'cr_1', name: 'Nightly "sync" <b>', hint: 'gh_sec_ab12…' },
    after: 0,
  },
};
