// Every page of the server, and how a person gets there.
import type { Page } from 'playwright-core';
import { authorization, type Params } from '../security/_flow.ts';
import { nextPage, signIn } from './_browser.ts';
import type { Demo } from './_demo.ts';

const API_SCOPES = 'openid profile email orders.read orders.write';

/** The address of an authorization request of a demo client. */
export function authorizeUrl(demo: Demo, kind: string, overrides: Params = {}): string {
  return authorization(demo.target, kind, overrides).url;
}

/** Signs in for the portal's own client, which needs no consent. */
async function holdSession(demo: Demo, page: Page): Promise<void> {
  await page.goto(authorizeUrl(demo, 'web'));
  await signIn(page, demo.account('dev'));
  await page.waitForURL(`${demo.target.client('web').redirect_uris[0]}?**`);
}

async function openConsent(demo: Demo, page: Page, kind: string, overrides: Params = {}) {
  await page.goto(authorizeUrl(demo, kind, { scope: API_SCOPES, ...overrides }));
  await nextPage(page, () => signIn(page, demo.account('sam')));
}

async function refuse(page: Page, email = 'dev@example.com'): Promise<void> {
  await nextPage(page, () => signIn(page, { email, password: 'wrong', roles: [] }));
}

export interface ServerPage {
  name: string;
  open(page: Page, demo: Demo): Promise<unknown>;
  /** What the page must say. */
  says: RegExp;
  /** The button that must be on the screen of a pop-up. */
  button?: string;
  /** Another page that may have the same title, because it is the same page. */
  titledAs?: string;
}

/** Every page that there is, with the states that look different. */
export const serverPages: ServerPage[] = [
  {
    name: 'the start page',
    open: (page, demo) => page.goto(demo.file.issuer),
    says: /Take the tour.*admin@example\.com/,
  },
  {
    name: 'sign-in',
    open: (page, demo) => page.goto(authorizeUrl(demo, 'web')),
    says: /to continue to Contoso developer portal/,
    button: 'Sign in',
  },
  {
    name: 'sign-in with a wrong password',
    async open(page, demo) {
      await page.goto(authorizeUrl(demo, 'web'));
      await refuse(page);
    },
    says: /The e-mail address or the password is not right\./,
    button: 'Sign in',
  },
  {
    name: 'sign-in sent empty',
    async open(page, demo) {
      await page.goto(authorizeUrl(demo, 'web'));
      await nextPage(page, () => page.getByRole('button', { name: 'Sign in' }).click());
    },
    says: /Enter your e-mail address\..*Enter your password\./,
    button: 'Sign in',
  },
  {
    name: 'sign-in after failures',
    async open(page, demo) {
      await page.goto(authorizeUrl(demo, 'web'));
      for (let attempt = 0; attempt < 3; attempt += 1) await refuse(page, 'guess@example.com');
    },
    says: /password is not right.*Show that you are no robot/s,
    titledAs: 'sign-in with a wrong password',
  },
  {
    name: 'consent for a third party in production',
    open: (page, demo) => openConsent(demo, page, 'third-party'),
    says: /Fabrikam Shipping asks for access.*Sam Okafor.*Orders Production.*See orders/,
    button: 'Allow',
  },
  {
    name: 'consent for the sandbox',
    open: (page, demo) => openConsent(demo, page, 'console', { prompt: 'consent' }),
    says: /Contoso test console asks for access.*Orders Sandbox.*Place and change orders/,
    button: 'Allow',
    titledAs: 'consent for a third party in production',
  },
  {
    name: 'consent for a native client, also while away',
    open: (page, demo) =>
      openConsent(demo, page, 'native', {
        scope: `${API_SCOPES} offline_access`,
        prompt: 'consent',
      }),
    says: /Orders for desktop asks for access.*While you are away.*application on this device/,
    button: 'Allow',
    titledAs: 'consent for a third party in production',
  },
  {
    name: 'choosing an account',
    async open(page, demo) {
      await holdSession(demo, page);
      await page.goto(authorizeUrl(demo, 'web', { prompt: 'select_account' }));
    },
    says: /Continue with this account\?.*Noor Haddad/,
    button: 'Continue',
  },
  {
    name: 'the step between two accounts',
    async open(page, demo) {
      // Its script would press the button at once.
      await page.route(/continue/, (route) => route.abort());
      await holdSession(demo, page);
      await page.goto(authorizeUrl(demo, 'web', { prompt: 'select_account' }));
      await nextPage(page, () => page.getByRole('button', { name: 'Use another' }).click());
      await nextPage(page, () => signIn(page, demo.account('admin')));
    },
    says: /Press the button to go on\./,
    button: 'Continue',
  },
  {
    name: 'creating an account',
    open: (page, demo) => page.goto(authorizeUrl(demo, 'web', { prompt: 'create' })),
    says: /Create an account.*Given name.*Show that you are no robot/s,
  },
  {
    name: 'sign-out',
    async open(page, demo) {
      await page.goto(`${demo.file.portal_url}/signin`);
      await signIn(page, demo.account('dev'));
      await page.waitForURL(`${demo.file.portal_url}/`);
      await nextPage(page, () => page.getByRole('button', { name: 'Sign out' }).click());
    },
    says: /Contoso developer portal asks to sign you out.*dev@example\.com/,
    button: 'Sign out',
  },
  {
    name: 'signed out',
    async open(page, demo) {
      await holdSession(demo, page);
      await page.goto(`${demo.file.issuer}/logout`);
      await nextPage(page, () => page.getByRole('button', { name: 'Sign out' }).click());
    },
    says: /You are signed out/,
  },
  {
    name: 'the request of an unknown client',
    open: (page, demo) => page.goto(`${demo.file.issuer}/authorize?client_id=c_nobody`),
    says: /This application is not known here/,
  },
  {
    name: 'an unregistered redirect URI',
    open: (page, demo) =>
      page.goto(authorizeUrl(demo, 'web', { redirect_uri: 'https://elsewhere.example/' })),
    says: /This application’s return address is not registered/,
  },
  {
    name: 'a sign-in that has ended',
    async open(page, demo) {
      await page.goto(authorizeUrl(demo, 'web'));
      const interaction = page.url();
      await signIn(page, demo.account('dev'));
      await page.waitForURL(`${demo.target.client('web').redirect_uris[0]}?**`);
      await page.goto(interaction);
      await page.reload();
    },
    says: /This sign-in has ended/,
  },
  {
    name: 'an address where nothing is',
    open: (page, demo) => page.goto(`${demo.file.issuer}/nothing/here`),
    says: /There is no such page/,
  },
];
