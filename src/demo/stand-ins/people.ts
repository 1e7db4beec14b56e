// Who can be picked at the stand-ins. The ids are fixed: whoever signs in again after a restart is the
// same person. No address is anybody's: the domains are reserved, the relay address was never given out.

/** Somebody with an account at a stand-in. */
export interface Person {
  email: string;
  givenName: string;
  familyName: string;
  /** At GitHub. */
  login?: string;
  /** Claims of the ID token, in place of what the emulator invents or leaves out. */
  claims: Record<string, unknown>;
}

/** The organization in Entra, whose guest the last of the Microsoft people is. */
export const CONTOSO_TENANT = '5d0b7c1e-3f64-4a8e-9c55-0a2f6f1be701';
const FABRIKAM_TENANT = 'c27a1f9d-68b3-4d0c-8e4a-7b95d3e0a642';

export const MICROSOFT_PEOPLE: Person[] = [
  microsoft('Lena', 'Brandt', 'lena.brandt@contoso.example', {
    oid: '0f6a3d52-91c7-4e0b-b8a4-3c2d7e815f10',
    acct: 0,
    xms_edov: true,
  }),
  microsoft('Mateo', 'Rivera', 'mateo.rivera@contoso.example', {
    oid: '7be41c08-5a2f-4d96-a1e3-94d0c6b82f37',
    acct: 0,
    xms_edov: true,
  }),
  microsoft('Mei', 'Tanaka', 'mei.tanaka@fabrikam.example', {
    oid: 'd8c59e70-2b14-47fa-9d6c-1e7f3a04b5c2',
    acct: 1,
    idp: `https://sts.windows.net/${FABRIKAM_TENANT}/`,
    preferred_username: 'mei.tanaka_fabrikam.example#EXT#@contoso.example',
  }),
];

export const GOOGLE_PEOPLE: Person[] = [
  // Of an organization whose mail Google runs, and of none.
  person('Priya', 'Nair', 'priya.nair@northwind.example', {
    sub: '108361947205583014621',
    hd: 'northwind.example',
  }),
  person('Oskar', 'Lind', 'oskar@lind.example', { sub: '114720956318840277935', hd: undefined }),
];

export const GITHUB_PEOPLE: Person[] = [
  { ...person('Hana', 'Kim', 'hana.kim@example.org', {}), login: 'hana-kim' },
  { ...person('Yusuf', 'Demir', 'yusuf.demir@example.org', {}), login: 'yusufdemir' },
];

export const APPLE_PEOPLE: Person[] = [
  person('Chloe', 'Martin', 'chloe.martin@example.net', {
    sub: '001284.5c9e0f7a3b6d4182a7e4c05d91b38f26.0917',
  }),
  // Hides the address from us, as Apple lets people do.
  person('Femi', 'Adeyemi', 'femi.adeyemi@example.net', {
    sub: '000731.e81b4d26c95f40a38d7f6e2a10c9b457.1542',
    email: 'stand-in-of-femi@privaterelay.appleid.com',
    is_private_email: 'true',
  }),
];

function person(
  givenName: string,
  familyName: string,
  email: string,
  claims: Person['claims'],
): Person {
  return { givenName, familyName, email, claims };
}

// Real subjects are pairwise; the emulator's equal the oid.
function microsoft(
  givenName: string,
  familyName: string,
  email: string,
  claims: Person['claims'] & { oid: string },
): Person {
  const sub = Buffer.from(`stand-in:${claims.oid}`).toString('base64url');
  return person(givenName, familyName, email, { sub, ...claims });
}
