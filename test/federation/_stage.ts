// A Gatehouse in front of which a test puts upstreams of its own while it runs.
import { randomBytes } from 'node:crypto';
import type { ServerConfig } from '../../src/config.ts';
import { findAccountByEmail, findAccountById } from '../../src/storage/accounts.ts';
import { type Agent, createAgent, type Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { eventually, type Params } from '../_protocol.ts';
import { tokensOf, visit } from '../accounts/_person.ts';
import { addConnector, comeBack, through } from './_connector.ts';
import { OUR_CLIENT } from './upstreams/_every-kind.ts';
import type { FakeUpstream } from './upstreams/_fake.ts';
import { createOidc, type OidcFake } from './upstreams/_oidc.ts';

/** A connector of a test's own, and the upstream behind it. */
export interface Upstream {
  id: string;
  name: string;
  fake: OidcFake;
}

export interface Stage extends Gatehouse {
  /** What the world outside consists of. */
  fakes: FakeUpstream[];
  /** Adds a connector; its person has an address of their own, unless the test names one. */
  upstream(
    settings?: Record<string, unknown>,
    person?: Record<string, unknown>,
    name?: string,
  ): Promise<Upstream>;
}

/** Starts the server. */
export async function startStage(overrides: Partial<ServerConfig> = {}): Promise<Stage> {
  const fakes: FakeUpstream[] = [];
  const gatehouse = await startGatehouse(overrides, fakes);
  return {
    ...{ ...gatehouse, fakes },
    async upstream(settings = {}, person = {}, name) {
      const id = `u${randomBytes(4).toString('hex')}`;
      const issuer = String(settings['issuer'] ?? `https://${id}.example.org`);
      const fake = createOidc({ issuer, person: { email: `${id}@example.org`, ...person } });
      fakes.push(fake);
      const upstream = { id, name: name ?? `Upstream ${id}`, fake };
      await addConnector(gatehouse, {
        ...{ id, name: upstream.name, kind: 'oidc' },
        settings: { ...OUR_CLIENT, issuer, email_trust: 'verified', ...settings },
      });
      await isKnown(gatehouse, id);
      return upstream;
    },
  };
}

// What is configured travels by NOTIFY, also to this process.
async function isKnown(gatehouse: Gatehouse, id: string): Promise<void> {
  const shown = async () => {
    const page = await visit(gatehouse, createAgent(gatehouse.issuer));
    return `${page.text} ${page.headers.get('Location')}`;
  };
  await eventually(shown, (text) => text.includes(id));
}

/** Comes from the portal, and signs in there. */
export async function arrive(
  stage: Gatehouse,
  { name, fake }: Upstream,
  { agent = createAgent(stage.issuer), params = {} }: { agent?: Agent; params?: Params } = {},
): Promise<Page> {
  return through(agent, await visit(stage, agent, params), name, fake);
}

/** Goes on at the upstream from a page that leads there by itself. */
export async function goThere(agent: Agent, page: Page, { fake }: Upstream): Promise<Page> {
  const href = page.html.querySelector('a.button-primary')?.getAttribute('href');
  if (!href) throw new Error(`${page.url} (${page.status}) leads nowhere:\n${page.text}`);
  return comeBack(agent, await fake.authorize(new URL(href)));
}

/** Goes on at the upstream to which a redirect led. */
export async function goOn(agent: Agent, page: Page, { fake }: Upstream): Promise<Page> {
  const location = page.headers.get('Location');
  if (!location) throw new Error(`${page.url} (${page.status}) leads nowhere:\n${page.text}`);
  return comeBack(agent, await fake.authorize(new URL(location)));
}

/** The claims of the ID token that the portal gets in the end. */
export async function claimsOf(stage: Gatehouse, page: Page): Promise<Record<string, unknown>> {
  const tokens = await tokensOf(stage, page);
  const [, payload = ''] = String(tokens['id_token']).split('.');
  if (!payload) throw new Error(`no tokens from ${page.url} (${page.status}):\n${page.text}`);
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}

/** Presses the button whose text ends so. */
export function press(
  agent: Agent,
  page: Page,
  ending: string,
  fields: Record<string, string> = {},
): Promise<Page> {
  const button = page.html
    .querySelectorAll('button')
    .find(({ textContent }) => textContent.trim().endsWith(ending));
  if (!button)
    throw new Error(`no button "${ending}" on ${page.url} (${page.status}):\n${page.text}`);
  return agent.submit(page, button.textContent.trim(), fields);
}

/** The audit rows of an account, the oldest first. */
export async function auditOf(
  { db }: Gatehouse,
  accountId: unknown,
  type: string,
): Promise<Record<string, unknown>[]> {
  const query = await db.query();
  const rows = await query('audit_events').where({ account_id: accountId, type }).orderBy('id');
  return rows.map(({ detail }) => detail);
}

/** The account of an address, with its groups and roles. */
export async function accountOf({ db }: Gatehouse, email: string) {
  const row = await findAccountByEmail(db, email);
  return row && findAccountById(db, row.id);
}

/** The sentence of a page that something went wrong. */
export function alertOf(page: Page): string | undefined {
  return page.html.querySelector('[role=alert]')?.textContent.replace(/\s+/g, ' ').trim();
}
