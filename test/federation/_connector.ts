// Connectors of a running Gatehouse, and people on the way through them.
import { parseSettings } from '../../src/federation/connectors.ts';
import { insertConnector, updateConnector } from '../../src/storage/connectors.ts';
import { runInUnitOfWork } from '../../src/storage/unit-of-work.ts';
import { type Agent, createAgent, type Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { mainText, visit } from '../accounts/_person.ts';
import { OUR_CLIENT } from './upstreams/_every-kind.ts';
import type { Callback, FakeUpstream } from './upstreams/_fake.ts';
import type { OidcFake } from './upstreams/_oidc.ts';

/** Adds a connector; its settings are checked as the command line does. */
export async function addConnector(
  { db }: Pick<Gatehouse, 'db'>,
  connector: { id: string; kind: string; name: string; settings: Record<string, unknown> },
): Promise<void> {
  const settings = parseSettings(connector.kind, connector.settings);
  await runInUnitOfWork(db.knex, async (unit) => {
    await insertConnector(db, { ...connector, settings });
    await unit.commit();
  });
}

/** A server with one connector, "Example", whose addresses are believed; the person signed in by it. */
export async function startSignedIn(fake: OidcFake, settings: Record<string, unknown>) {
  const gatehouse = await startGatehouse({}, [fake]);
  await addConnector(gatehouse, {
    ...{ id: 'example', kind: 'oidc', name: 'Example' },
    settings: {
      ...{ ...OUR_CLIENT, issuer: 'https://login.example.org', email_trust: 'verified' },
      ...settings,
    },
  });
  const agent = createAgent(gatehouse.issuer);
  await through(agent, await visit(gatehouse, agent), 'Example', fake);
  const isSignedIn = async () => {
    const page = await agent.get(`${gatehouse.issuer}/account`);
    return /jo@example\.org/.test(mainText(page));
  };
  return { gatehouse, agent, isSignedIn };
}

/** Disables or enables one. */
export async function setEnabled({ db }: Gatehouse, id: string, enabled: boolean): Promise<void> {
  await runInUnitOfWork(db.knex, async (unit) => {
    await updateConnector(db, id, { enabled });
    await unit.commit();
  });
}

/** Presses the button of a connector, and lets the person's browser go through its upstream. */
export async function through(
  agent: Agent,
  page: Page,
  name: string,
  fake: FakeUpstream,
): Promise<Page> {
  return comeBack(agent, await goTo(agent, page, name, fake));
}

/** Presses the button and stops where the upstream sends the browser back. */
export async function goTo(
  agent: Agent,
  page: Page,
  name: string,
  fake: FakeUpstream,
): Promise<Callback> {
  const link = page.html
    .querySelectorAll('a.connector')
    .find((a) => a.textContent.trim().endsWith(`Continue with ${name}`));
  if (!link) throw new Error(`no button of ${name} on ${page.url} (${page.status}):\n${page.text}`);
  return fake.authorize(
    await leave(agent, new URL(link.getAttribute('href') ?? '', page.url).href),
  );
}

/** Follows a way to an upstream up to its address. */
export async function leave(agent: Agent, url: string): Promise<URL> {
  const page = await agent.get(url);
  const location = page.headers.get('Location');
  if (!location) throw new Error(`${url} leads nowhere (${page.status}):\n${page.text}`);
  return new URL(location);
}

/** The browser comes back with what the upstream told it: a POST of another site without Lax cookies. */
export async function comeBack(agent: Agent, { method, url, body }: Callback): Promise<Page> {
  if (method === 'GET') return agent.get(url);
  const headers = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://upstream.example' };
  const answer = await fetch(url, { method, headers, body: body ?? null, redirect: 'manual' });
  const location = answer.headers.get('Location');
  if (!location) throw new Error(`the post to ${url} led nowhere (${answer.status})`);
  return agent.get(new URL(location, url).href);
}
