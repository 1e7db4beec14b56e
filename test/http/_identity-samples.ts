// The data that the tests of the pages of a first sign-in elsewhere show.
import type { IdentityViews } from '../../src/http/views/identity.ts';

const forms = { action: '/done', cancelAction: '/cancel', csrf: 'a"token' };

export const identitySamples: IdentityViews = {
  'identity/profile': {
    ...{ ...forms, connector: 'Facebook', emailFixed: false },
    values: { email: 'ada@', givenName: 'Ada', familyName: '' },
    errors: { email: 'Enter one e-mail address.' },
  },
  'identity/code': {
    ...{ ...forms, email: 'ada@example.com', again: true },
    ...{ resendAction: '/again', profileHref: '/profile', error: 'This is not the code.' },
  },
  'identity/link': {
    ...{ ...forms, connector: 'GitHub', identity: 'ada@example.com' },
    account: { name: 'Ada Lovelace', email: 'ada@example.com' },
    ...{ isProven: false, askPassword: true, error: 'That is not your password.' },
    others: [{ name: 'Contoso', href: '/contoso', icon: 'entra' }],
  },
};
