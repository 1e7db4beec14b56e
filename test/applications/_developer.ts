// A developer at My applications: a signed-in browser, and what it does with the pages.
import type { Agent, Page } from '../_agent.ts';
import type { Gatehouse } from '../_gatehouse.ts';
import { addAccount, type Credentials, eventually } from '../_protocol.ts';
import { openMyAccount } from '../accounts/_my-account.ts';

export interface Developer {
  id: string;
  account: Credentials;
  agent: Agent;
  /** Opens a page of ours. */
  open(path: string): Promise<Page>;
  /** Sends a form with the token of this session; a body of several parts goes as it is. */
  post(path: string, fields?: Record<string, string>): Promise<Response>;
}

/** A new account, signed in. */
export async function addDeveloper(gatehouse: Gatehouse): Promise<Developer> {
  const account = await addAccount(gatehouse);
  const { agent, page } = await openMyAccount(gatehouse, account, '/applications/new');
  const csrf = page.html.querySelector('input[name=csrf]')?.getAttribute('value') ?? '';
  if (!csrf) throw new Error(`no form on ${page.url} (${page.status}):\n${page.text}`);
  return {
    ...{ id: account.id, account, agent },
    open: (path) => agent.get(gatehouse.issuer + path),
    post: (path, fields = {}) =>
      agent.request(gatehouse.issuer + path, {
        method: 'POST',
        body: new URLSearchParams({ csrf, ...fields }),
      }),
  };
}

/** What a developer types into the wizard for a web application. */
export const WEB = {
  kind: 'web',
  name: 'Fabrikam Shipping',
  redirect_uris: 'https://shipping.example.com/callback',
};

/** Creates an application by the wizard; fails unless it was. */
export async function createByForm(
  developer: Developer,
  fields: Record<string, string> = WEB,
): Promise<{ id: string; page: Page }> {
  const form = await developer.open('/applications/new');
  const page = await developer.agent.submit(form, 'Create an application', fields);
  const link = page.html.querySelector('main a[href^="/applications/app_"]');
  const id = link?.getAttribute('href')?.split('/')[2];
  if (page.status !== 200 || !id) throw new Error(`not created (${page.status}):\n${page.text}`);
  return { id, page };
}

/** The sentences beside fields and above the form. */
export function problemsOf(page: Page): string[] {
  return page.html
    .querySelectorAll('.field-error, [role=alert]')
    .map((element) => element.textContent.replace(/\s+/g, ' ').trim());
}

/** Sends a form until the server is not too busy; who sends it again is given the same answer. */
export async function insist(send: () => Promise<Page>): Promise<Page> {
  return eventually(send, ({ status }) => status !== 503);
}
