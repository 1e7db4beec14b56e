// The data that the tests of the pages of My account show.
import type { AccountPage, AccountSection, AccountViews } from '../../src/http/views/account.ts';

const moment = { iso: '2026-11-27T20:00:00.000Z', text: '27 Nov 2026, 20:00 UTC' };
const page = (section: AccountSection): AccountPage => ({
  section,
  account: { name: 'Ada Lovelace', email: 'ada@example.com' },
  csrf: 'a"token',
  notice: 'Your names are saved.',
});

export const accountSamples: AccountViews = {
  'account/overview': {
    ...page('overview'),
    givenName: 'Ada',
    familyName: 'Lovelace',
    roles: ['developer'],
    groups: ['beta-testers', 'partners'],
    since: moment,
    errors: { familyName: 'A name has at most 100 characters and no control characters.' },
  },
  'account/password': {
    ...page('password'),
    hasPassword: true,
    errors: { current: 'That is not your password.' },
  },
  'account/email': {
    ...page('email'),
    ...{ hasPassword: true, email: 'ada@' },
    errors: { email: 'Enter one e-mail address.' },
  },
  'account/identities': {
    ...page('identities'),
    ...{ hasPassword: true, asksPassword: true, error: 'That is not your password.' },
    identities: [
      {
        ...{ id: 'idn_1', connector: 'Google', icon: 'google', name: 'ada@example.com' },
        ...{ lastUsed: moment, isUsable: true },
      },
      {
        ...{ id: 'idn_2', connector: 'Contoso', icon: 'entra', name: 'Ada Lovelace' },
        ...{ lastUsed: undefined, isUsable: false },
      },
    ],
    connectors: [{ id: 'github', name: 'GitHub', icon: 'github' }],
  },
  'account/link-identity': {
    ...page('link-identity'),
    ...{ connector: 'GitHub', identity: 'ada@example.com' },
  },
  'account/sessions': {
    ...page('sessions'),
    sessions: [
      { id: 'a1', device: 'Firefox on Linux', network: '192.0.2.7', seen: moment, isThis: true },
      {
        id: 'b2',
        device: 'Safari on iPhone',
        network: '2001:db8:0:0::/64',
        seen: moment,
        isThis: false,
      },
      { id: 'c3', device: 'Unknown device', network: '', seen: undefined, isThis: false },
    ],
  },
  'account/applications': {
    ...page('applications'),
    applications: [
      {
        id: 'c_1',
        name: 'Fabrikam Shipping',
        since: moment,
        scopes: ['See orders', 'See your name'],
      },
      { id: 'c_2', name: 'Contoso Developer Portal', since: moment, scopes: [] },
    ],
  },
  'account/activity': {
    ...page('activity'),
    events: [
      { text: 'You signed in for Contoso Developer Portal', network: '192.0.2.7', at: moment },
      { text: 'The account was created', network: '', at: moment },
    ],
    older: '/account/activity?before=12',
  },
  'account/language': page('language'),
  'account/download': {
    ...page('download'),
    asksPassword: true,
    error: 'That is not your password.',
  },
  'account/close': {
    ...page('close'),
    asksPassword: true,
    days: 30,
    error: 'Enter your password.',
  },
  'account/closed': { email: 'ada@example.com', until: moment },
};
