// The data that the tests of the pages of an invitation show.
import type { InvitationViews } from '../../src/http/views/invitation.ts';

const forms = { action: '/done', csrf: 'a"token', inviter: 'Grace Hopper' };

export const invitationSamples: InvitationViews = {
  'invitation/accept': {
    ...forms,
    message: 'Have a look at the new Orders API before everybody else does.',
    email: 'ada@example.com',
    givenName: 'Ada',
    familyName: '',
    passwords: true,
    connectors: [{ name: 'Google', href: '/invitation/federation/google?token=x', icon: 'google' }],
    errors: { familyName: 'Enter the name.' },
  },
  'invitation/expired': forms,
  'invitation/asked': { inviter: forms.inviter },
  'invitation/void': {
    title: 'This invitation is accepted already',
    text: 'Every invitation is good once. Sign in with the account that came of it.',
    signIn: true,
  },
};
