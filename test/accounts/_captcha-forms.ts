// The forms behind a CAPTCHA, as a browser without JavaScript sees them.
import { type Agent, createAgent, type Page } from '../_agent.ts';
import type { Server } from '../_installation.ts';
import { authorizeUrl } from '../_protocol.ts';

export type Fields = Record<string, string>;
export type FormName = 'sign-up' | 'forgot-password';

const BUTTON = { 'sign-up': 'Create an account', 'forgot-password': 'Send the mail' };
let people = 0;

/** One browser at one interaction. */
export interface Visit {
  agent: Agent;
  open(form: FormName): Promise<Page>;
  /** Fills the form in rightly, but for what `fields` says. */
  send(page: Page, form: FormName, fields: Fields): Promise<Page>;
}

/** Begins a sign-in at the portal. */
export async function visit(server: Server): Promise<Visit> {
  const agent = createAgent(server.issuer);
  const start = await agent.get(authorizeUrl(server, server.client('web')));
  const interaction = new URL(start.url).pathname.split('/').slice(0, 3).join('/');
  return {
    agent,
    open: (form) => agent.get(`${server.issuer}${interaction}/${form}`),
    send: (page, form, fields) => agent.submit(page, BUTTON[form], { ...filledIn(), ...fields }),
  };
}

/** What a person types who has not been here before. */
export function filledIn(): Fields {
  people += 1;
  return {
    email: `mina-${people}@example.com`,
    given_name: 'Mina',
    family_name: 'Sato',
    password: 'seven quiet otters swim',
  };
}

/** True when the form was accepted: a mail is on its way. */
export function isAccepted(page: Page): boolean {
  return page.status === 200 && page.html.querySelector('fieldset.captcha') === null;
}

/** The sentence beside the CAPTCHA. */
export function problemOf(page: Page): string | undefined {
  return page.html.querySelector('#captcha_answer-error, #captcha-error')?.textContent.trim();
}

/** The value of a field of a page. */
export function fieldValue(page: Page, name: string): string {
  return page.html.querySelector(`input[name=${name}]`)?.getAttribute('value') ?? '';
}
