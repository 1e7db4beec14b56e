// A person on the way from the portal: signs up, forgets the password, follows the links of mails.
import { type Agent, createAgent, type Page } from '../_agent.ts';
import type { Gatehouse } from '../_gatehouse.ts';
import { type ReceivedMail, receiveMail } from '../_mail.ts';
import { authorizeUrl, type Params, redeem } from '../_protocol.ts';

export const PASSWORD = 'seven quiet otters swim';
export const NEW_PASSWORD = 'eleven loud herons dance';

/** Comes from the portal. */
export function visit(gatehouse: Gatehouse, agent: Agent, params: Params = {}): Promise<Page> {
  return agent.get(authorizeUrl(gatehouse, gatehouse.client('web'), params));
}

/** Opens the page that a link of that text leads to. */
export function follow(agent: Agent, page: Page, text: string): Promise<Page> {
  const link = page.html.querySelectorAll('a').find((a) => a.textContent.trim() === text);
  if (!link) throw new Error(`no link "${text}" on ${page.url} (${page.status}):\n${page.text}`);
  return agent.get(new URL(link.getAttribute('href') ?? '', page.url).href);
}

/** Fills the sign-up form and sends it. */
export async function signUp(
  gatehouse: Gatehouse,
  agent: Agent,
  email: string,
  fields: Record<string, string> = {},
): Promise<Page> {
  const form = await follow(agent, await visit(gatehouse, agent), 'Create an account');
  return agent.submit(form, 'Create an account', {
    ...{ email, given_name: 'Noor', family_name: 'Haddad', password: PASSWORD },
    ...fields,
  });
}

/** Signs up and confirms, in one browser. */
export async function createConfirmed(gatehouse: Gatehouse, email: string): Promise<Agent> {
  const agent = createAgent(gatehouse.issuer);
  await signUp(gatehouse, agent, email);
  const mail = await newestMail(gatehouse, email, 'confirm-sign-up');
  await agent.submit(await agent.get(mail.link()), 'Confirm and sign in');
  return agent;
}

/** Asks for a new password. */
export async function forget(gatehouse: Gatehouse, agent: Agent, email: string): Promise<Page> {
  const form = await follow(agent, await visit(gatehouse, agent), 'Forgot your password?');
  return agent.submit(form, 'Send the mail', { email });
}

/** The newest mail to an address; fails unless it is of that kind. */
export async function newestMail(
  gatehouse: Gatehouse,
  email: string,
  kind: string,
): Promise<ReceivedMail> {
  const [mail] = await receiveMail(gatehouse, email);
  if (mail?.kind !== kind) throw new Error(`the newest mail to ${email} is ${mail?.kind}`);
  return mail;
}

/** Tries to sign in; the status of the answer is 400 when it was refused. */
export async function trySignIn(
  gatehouse: Gatehouse,
  email: string,
  password: string,
): Promise<Page> {
  const agent = createAgent(gatehouse.issuer);
  return agent.submit(await visit(gatehouse, agent), 'Sign in', { email, password });
}

/** What stands in the main part of a page, on one line. */
export function mainText(page: Page): string {
  return page.html.querySelector('main')?.textContent.replace(/\s+/g, ' ').trim() ?? '';
}

/** The sentence beside a field. */
export function errorOf(page: Page, field: string): string | undefined {
  return page.html.querySelector(`#${field}-error`)?.textContent.trim();
}

/** The tokens that the portal gets for the code that a page brought back. */
export async function tokensOf(gatehouse: Gatehouse, page: Page) {
  const code = new URL(page.headers.get('Location') ?? 'about:blank').searchParams.get('code');
  const { body } = await redeem(gatehouse, gatehouse.client('web'), code ?? '');
  return body;
}
