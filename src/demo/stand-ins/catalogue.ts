// The four stand-ins: what each pretends to be, its people, and how the emulator wants to hear it.
import type { EmulatorOptions } from 'emulate';
import {
  APPLE_PEOPLE,
  CONTOSO_TENANT,
  GITHUB_PEOPLE,
  GOOGLE_PEOPLE,
  MICROSOFT_PEOPLE,
  type Person,
} from './people.ts';

/** Our client at a stand-in. */
export interface StandInClient {
  secret: string;
  redirectUri: string;
}

export interface StandIn {
  /** Our connector, and the emulator's service. */
  id: 'microsoft' | 'google' | 'github' | 'apple';
  /** Whom it stands in for. */
  name: string;
  /** Our client's id there. */
  clientId: string;
  people: Person[];
  /** Where its keys are, of those that sign ID tokens. */
  keysPath?: string;
  /** What it answers when a person turns back. */
  cancelError: string;
  seed(client: StandInClient): NonNullable<EmulatorOptions['seed']>;
}

const CLIENT_ID = 'gatehouse-demo';
const CLIENT_NAME = 'Gatehouse (demo)';

/** In the order of their ports, and of their buttons. */
export const STAND_INS: StandIn[] = [
  {
    ...{ id: 'microsoft', name: 'Microsoft', clientId: CLIENT_ID },
    people: MICROSOFT_PEOPLE,
    keysPath: '/discovery/v2.0/keys',
    cancelError: 'access_denied',
    seed: (client) => ({
      microsoft: {
        users: MICROSOFT_PEOPLE.map((one) => ({ ...user(one), tenant_id: CONTOSO_TENANT })),
        oauth_clients: [{ ...registered(client), tenant_id: CONTOSO_TENANT }],
      },
    }),
  },
  {
    ...{ id: 'google', name: 'Google', clientId: CLIENT_ID },
    people: GOOGLE_PEOPLE,
    keysPath: '/oauth2/v3/certs',
    cancelError: 'access_denied',
    seed: (client) => ({
      google: { users: GOOGLE_PEOPLE.map(user), oauth_clients: [registered(client)] },
    }),
  },
  {
    ...{ id: 'github', name: 'GitHub', clientId: CLIENT_ID },
    people: GITHUB_PEOPLE,
    cancelError: 'access_denied',
    seed: (client) => ({
      github: {
        users: GITHUB_PEOPLE.map((one) => ({ ...user(one), login: one.login })),
        oauth_apps: [registered(client)],
      },
    }),
  },
  {
    ...{ id: 'apple', name: 'Apple', clientId: 'com.example.gatehouse' },
    people: APPLE_PEOPLE,
    keysPath: '/auth/keys',
    cancelError: 'user_cancelled_authorize',
    seed: ({ redirectUri }) => ({
      apple: {
        users: APPLE_PEOPLE.map(user),
        oauth_clients: [
          {
            ...{ client_id: 'com.example.gatehouse', team_id: APPLE_TEAM, key_id: APPLE_KEY },
            ...{ name: CLIENT_NAME, redirect_uris: [redirectUri] },
          },
        ],
      },
    }),
  },
];

export const APPLE_TEAM = 'GATEHOUSE1';
export const APPLE_KEY = 'STANDINKEY';

function user({ email, givenName, familyName }: Person) {
  const name = `${givenName} ${familyName}`;
  return { email, name, given_name: givenName, family_name: familyName };
}

function registered({ secret, redirectUri }: StandInClient) {
  return {
    ...{ client_id: CLIENT_ID, client_secret: secret, name: CLIENT_NAME },
    redirect_uris: [redirectUri],
  };
}
