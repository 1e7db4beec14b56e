// The data that the tests of the pages show.
import type { CaptchaFields, Views } from '../../src/http/views.ts';
import { accountSamples } from './_account-samples.ts';
import { applicationSamples } from './_application-samples.ts';
import { codeSamples } from './_code-samples.ts';
import { credentialSamples } from './_credential-samples.ts';
import { identitySamples } from './_identity-samples.ts';
import { invitationSamples } from './_invitation-samples.ts';
import { meteringSamples } from './_metering-samples.ts';
import { productSamples } from './_product-samples.ts';

const forms = { action: '/done', cancelAction: '/cancelled', csrf: 'a"token' };
const client = { name: 'Contoso Developer Portal' };
const account = { name: 'Ada Lovelace', email: 'ada@example.com' };
const scopes = Array.from({ length: 12 }, (_, index) => ({
  name: `orders:part-${index}`,
  description: 'Read your orders and how far their delivery is',
}));

/** A CAPTCHA of two kinds that was answered wrongly. */
export const captcha: CaptchaFields = {
  fields: [
    {
      kind: 'svg',
      id: '0',
      picture: 'data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=',
    },
    { kind: 'altcha', challenge: '{"maxnumber":100,"salt":"x","challenge":"y"}' },
  ],
  problem: 'That is not what the picture shows.',
};

const connectors = ['Microsoft', 'Google', 'GitHub', 'Apple', 'Contoso Workforce'].map((name) => ({
  ...{ name, href: '/elsewhere', icon: name.toLowerCase() },
}));

// `continue` submits itself, and `leave` goes on by itself: test/portal looks at them.
type Standing = Exclude<keyof Views, 'continue' | 'leave'>;

/** What a real deployment could show, on every page that stays. */
export const samples: { [V in Standing]: Views[V] } = {
  ...accountSamples,
  ...applicationSamples,
  ...codeSamples,
  ...credentialSamples,
  ...invitationSamples,
  ...productSamples,
  ...identitySamples,
  ...meteringSamples,
  'sign-in': {
    ...{ ...forms, client, email: '', passwords: true },
    ...{ signUpHref: '/sign-up', forgotHref: '/forgot', connectors },
  },
  'sign-up': {
    ...{ ...forms, client, captcha, connectors, signInHref: '/sign-in' },
    values: { email: 'ada@example', givenName: '', familyName: 'Lovelace' },
    errors: { email: 'Enter one e-mail address.', terms: 'Accept the terms.' },
    terms: {
      version: '2026-11',
      text: 'Be kind.\n\nAlways.',
      consentRequired: true,
      accepted: false,
    },
  },
  'check-mail': {
    ...{ ...forms, purpose: 'sign-up' as const, email: 'ada@example.com', again: true },
    fields: [{ name: 'sign_up', value: 'x' }],
    backHref: '/back',
  },
  'forgot-password': {
    ...forms,
    email: '',
    error: 'Enter your address.',
    captcha,
    signInHref: '/',
  },
  'confirm-sign-up': {
    ...{ action: '/done', token: 'abc', email: 'ada@example.com', askPassword: true },
    error: 'This is not the password.',
  },
  'reset-password': {
    action: '/done',
    token: 'abc',
    email: 'ada@example.com',
    error: 'Too short.',
  },
  'confirm-email': { token: 'abc', email: 'ada@example.com' },
  'not-me': { action: '/done', token: 'abc', passwords: true },
  terms: { ...forms, client, terms: { version: '2026-11', text: 'Be kind.\n\nAlways.' } },
  notice: {
    ...{ title: 'You are signed in', message: 'Your address is confirmed.' },
    links: [{ href: '/account', text: 'My account' }],
  },
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
  'sign-out': {
    ...{ action: '/done', xsrf: 'x', account, client },
    upstream: { name: 'Contoso', canSignOut: true },
  },
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
      standIns: [{ name: 'Microsoft', url: 'http://localhost:4003' }],
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
