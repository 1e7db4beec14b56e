// A person at My account: a browser that signed in on the way there.
import { type Agent, createAgent, type Page } from '../_agent.ts';
import type { Gatehouse } from '../_gatehouse.ts';
import { type Credentials, proceed } from '../_protocol.ts';

export const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** Opens a page of My account in a new browser, and signs in when asked. */
export async function openMyAccount(
  gatehouse: Gatehouse,
  account: Credentials,
  path = '/account',
): Promise<{ agent: Agent; page: Page }> {
  const agent = createAgent(gatehouse.issuer);
  const start = await agent.get(gatehouse.issuer + path);
  return { agent, page: await proceed(gatehouse, agent, start, account) };
}

/** What stands in the main part of a page, on one line. */
export function mainText(page: Page): string {
  return page.html.querySelector('main')?.textContent.replace(/\s+/g, ' ').trim() ?? '';
}

/** The mails queued so far, the newest last. */
export async function queuedKinds(gatehouse: Gatehouse): Promise<string[]> {
  const query = await gatehouse.db.query();
  const rows = await query('outgoing_mails').select('kind').orderBy('created_at');
  return rows.map(({ kind }) => kind);
}
