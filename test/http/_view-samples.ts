// The data that the tests of the pages show.
import type { Views } from '../../src/http/views.ts';
import { accountSamples } from './_account-samples.ts';
import { invitationSamples } from './_invitation-samples.ts';

const forms = { action: '/done', cancelAction: '/cancelled', csrf: 'a"token' };
const client = { name: 'Contoso Developer Portal' };
const account = { name: 'Ada Lovelace', email: 'ada@example.com' };
const scopes = Array.from({ length: 12 }, (_, index) => ({
  name: `orders:part-${index}`,
  description: 'Read your orders and how far their delivery is',
}));

// `continue` submits itself: test/portal looks at it without JavaScript.
type Standing = Exclude<keyof Views, 'continue'>;

/** What a real deployment could show, on every page that stays. */
export const samples: { [V in Standing]: Views[V] } = {
  ...accountSamples,
  ...invitationSamples,
  'sign-in': { ...forms, client, email: '' },
  'select-account': { ...forms, client, account },
  consent: {
    ...forms,
    client: {
      ...client,
      redirectHost: 'portal.contoso.com',
      kind: 'spa',
      uri: 'https://contoso.com/',
    },
    account,
    identity: ['Know who you are', 'Read your e-mail address'],
    apis: [
      { name: 'Orders API', environment: 'production', scopes },
      { name: 'Payments API', environment: 'sandbox', scopes: scopes.slice(0, 1) },
    ],
    offlineAccess: true,
    switchAccount: true,
  },
  'sign-out': { action: '/done', xsrf: 'x', account, client },
  'signed-out': { client },
  error: {
    status: 400,
    title: 'This sign-in cannot go on',
    message: 'The application sent a redirect_uri that is not registered.',
    hint: 'Start again in the application.',
    correlationId: '7f3c9a52-0d0e-4b8c-9a4f-1f4d7c1b22aa',
    link: { href: '/', text: 'Go to the start page' },
  },
  mailbox: {
    mails: [
      {
        id: '1',
        subject: 'Confirm your address',
        to: 'ada@example.com',
        sentAt: '2026-11-27T20:00:00.000Z',
      },
    ],
  },
  'mailbox-mail': {
    mail: {
      subject: 'Confirm your address',
      to: 'ada@example.com',
      text: 'Hello\n\nConfirm:\nhttps://login.example/sign-up/confirm?token=abc\n',
    },
  },
  home: {
    issuer: 'https://login.example',
    signedIn: account,
    demo: {
      portalUrl: 'http://localhost:4001/',
      apiUrl: 'http://localhost:4002/',
      accounts: [{ email: 'ada@demo.example', password: 'open-sesame-12345', role: 'Developer' }],
    },
  },
};
/** Every view that there is. */
export const viewNames = Object.keys(samples) as Standing[]; // the mapped type has exactly these keys
/** A sign-in whose password was wrong. */
export const refused: Views['sign-in'] = {
  ...samples['sign-in'],
  email: 'ada@example.com',
  alert: 'That e-mail address and password do not match. Check both and try again.',
  passwordFocus: true,
};
/** A sign-in that was sent empty. */
export const incomplete: Views['sign-in'] = {
  ...samples['sign-in'],
  errors: { email: 'Enter your e-mail address.', password: 'Enter your password.' },
};
