// The data that the tests of the pages of applications show.
import type {
  ApplicationPage,
  ApplicationSection,
  ApplicationViews,
  DeveloperPage,
} from '../../src/http/views/application.ts';

const moment = { iso: '2026-11-27T20:00:00.000Z', text: '27 Nov 2026, 20:00 UTC' };
const developer: DeveloperPage = {
  account: { name: 'Ada Lovelace', email: 'ada@example.com' },
  csrf: 'a"token',
  notice: 'Saved.',
};
const page = (section: ApplicationSection): ApplicationPage => ({
  ...developer,
  section,
  application: {
    ...{ id: 'app_1', name: 'Fabrikam Shipping', kind: 'web' as const, verified: false },
    ...{ state: 'active' as const, logoUrl: undefined },
  },
});
const addresses = {
  redirectUris: 'https://orders.example.com/callback\nhttp://orders.example.com/callback',
  postLogoutUris: 'https://orders.example.com/',
  corsOrigins: 'https://orders.example.com',
  errors: { redirect_uris: ['http://orders.example.com/callback: use https.'] },
};

export const applicationSamples: ApplicationViews = {
  'application/list': {
    ...developer,
    applications: [
      {
        ...{ id: 'app_1', name: 'Fabrikam Shipping', kind: 'web', state: 'active' },
        ...{ logoUrl: undefined, environments: ['sandbox', 'production'], isOwner: true },
      },
      {
        ...{ id: 'app_2', name: 'Nightly sync', kind: 'machine', state: 'suspended' },
        ...{ logoUrl: undefined, environments: ['sandbox'], isOwner: false },
      },
    ],
    ...{ search: 'a', next: '/applications?after=app_2', most: 20 },
  },
  'application/new': {
    ...developer,
    ...{ idempotencyKey: 'k'.repeat(22), kind: 'web', name: 'Gatehouse', description: '' },
    ...{ homepage: 'http://orders.example.com', addresses },
    products: [
      {
        ...{ id: 'prd_1', name: 'Orders, basic', description: 'Read your orders' },
        ...{ scopes: ['orders.read', 'orders.list'], terms: 'Be kind.\n\nAlways.', checked: true },
      },
      {
        ...{ id: 'prd_2', name: 'Orders, gold', description: '', scopes: ['orders.write'] },
        ...{ terms: undefined, checked: false },
      },
    ],
    moreProducts: true,
    errors: { name: 'An application cannot call itself Gatehouse.', homepage: 'Enter an address.' },
    alert: { text: 'This form was sent already.', link: { href: '/applications', text: 'Look' } },
  },
  'application/created': {
    ...developer,
    application: { id: 'app_1', name: 'Nightly sync', kind: 'machine' },
    clientId: 'c_0123456789abcdef01234567',
    secret: 'gh_sec_0123456789012345678901234567890123456789012_01234567',
    file: 'CLIENT_ID=c_1\nCLIENT_SECRET=x\n',
    commands:
      'TOKEN=$(curl -s -u c_1:gh_sec_1 https://login.example/token)\ncurl -i https://api.example/',
    products: ['Orders, basic'],
  },
  'application/overview': {
    ...page('overview'),
    ...{ description: 'Ships things.', homepage: 'https://shipping.example.com/' },
    suspendedReason: 'It spams people.',
    clients: [
      {
        ...{ environment: 'sandbox', clientId: 'c_1', authMethod: 'client_secret_basic' },
        ...{ redirectUris: ['https://orders.example.com/callback'], scopes: ['orders.read'] },
      },
    ],
    subscriptions: [{ product: 'Orders, basic', environment: 'sandbox', state: 'active' }],
    ...{ owner: 'Ada Lovelace', members: 2, created: moment },
  },
  'application/settings': {
    ...page('settings'),
    ...{ name: 'Fabrikam Shipping', description: 'Ships things.', homepage: 'ftp://x' },
    errors: { homepage: 'Enter an address.', logo: 'That is no picture.' },
  },
  'application/addresses': {
    ...page('addresses'),
    clients: [
      { ...addresses, environment: 'production', clientId: 'c_2' },
      { ...addresses, environment: 'sandbox', clientId: 'c_1', errors: {} },
    ],
  },
  'application/members': {
    ...page('members'),
    members: [
      {
        ...{ id: 'usr_1', name: 'Ada Lovelace', email: 'ada@example.com', joined: moment },
        ...{ isOwner: true, isYou: true },
      },
      {
        ...{ id: 'usr_2', name: '', email: 'noor@example.com', joined: moment },
        ...{ isOwner: false, isYou: false },
      },
    ],
    invitations: [{ id: 'ain_1', email: 'sam@example.com', until: moment }],
    ...{ isOwner: true, most: 20, email: 'sam@', error: 'Enter one e-mail address.' },
  },
  'application/transfer': {
    ...page('members'),
    member: { id: 'usr_2', name: 'Noor Haddad', email: 'noor@example.com' },
    ...{ asksPassword: true, error: 'That is not your password.' },
  },
  'application/activity': {
    ...page('activity'),
    events: [
      { text: 'The application was created', who: 'Ada', network: '192.0.2.7', at: moment },
      { text: 'Name and logo were verified', who: 'An operator', network: '', at: moment },
    ],
    older: '/applications/app_1/activity?before=12',
  },
  'application/close': {
    ...page('close'),
    ...{ isOwner: true, days: 30, until: undefined, asksPassword: true },
    errors: { name: 'That is not the name of this application.', password: 'Enter it.' },
  },
  'application/invitation': {
    ...developer,
    ...{ state: 'open', token: 'x', application: 'Fabrikam Shipping', inviter: 'Noor Haddad' },
  },
};
