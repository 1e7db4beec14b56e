// Our own API, as the catalog has it: what developers do for themselves by program, and dynamic client
// registration. It is a row like any other API, so that clients are given its scopes like any other's.

/** Its id in every installation. */
export const OWN_API_ID = 'api_gatehouse';

/** What may be allowed. */
export const OWN_SCOPES = [
  'applications:read',
  'applications:write',
  'client:register',
  'credentials:write',
  'products:read',
  'subscriptions:write',
] as const;

export type OwnScope = (typeof OWN_SCOPES)[number];

/** The one that a client may be given to use without a person. */
export const REGISTRATION_SCOPE: OwnScope = 'client:register';

/** Its resource indicator and audience. */
export function ownResource(issuer: string): string {
  return `${issuer}/api/v1`;
}

/** Which of the scopes of our API are about a person's own things: a machine is nobody. */
export function personalScope(scopes: string[]): string | undefined {
  return scopes.find((scope) => scope !== REGISTRATION_SCOPE);
}
