// Every mail that we send. Its texts: `<kind>-subject`, `<kind>-body` and `<kind>-button` in
// views/messages/<language>/mail.json; a body's paragraphs are parted by blank lines.

export const MAIL_KINDS = [
  'confirm-sign-up',
  'sign-up-known',
  'reset-password',
  'reset-unknown',
  'password-changed',
  'confirm-email',
  'email-changed',
  'account-approved',
  'account-rejected',
  'account-closed',
  'subscription-submitted',
  'subscription-activated',
  'subscription-rejected',
  'subscription-suspended',
  'subscription-resumed',
  'subscription-cancelled',
  'subscription-expired',
  'invitation',
  'invitation-asked',
  'identity-linked',
  'identity-unlinked',
  'identity-code',
  'credential-expiring',
  'application-invitation',
  'application-transferred',
] as const;
export type MailKind = (typeof MAIL_KINDS)[number];
