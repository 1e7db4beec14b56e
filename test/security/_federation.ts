// Upstreams that anybody may have an account at, and what became of those who came from there.
import { decodeJwt } from 'jose';
import type { ServerConfig } from '../../src/config.ts';
import { type Agent, createAgent, type Page } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { eventually } from '../_protocol.ts';
import { mainText, newestMail, tokensOf, visit } from '../accounts/_person.ts';
import { addConnector, goTo, setEnabled, through } from '../federation/_connector.ts';
import { OUR_CLIENT } from '../federation/upstreams/_every-kind.ts';
import type { Callback, Claims, FakeUpstream } from '../federation/upstreams/_fake.ts';
import { createOidc, type OidcFake } from '../federation/upstreams/_oidc.ts';

/** An upstream with the connector that leads there. */
export interface Provider {
  id: string;
  /** What its button says. */
  name: string;
  issuer: string;
  fake: OidcFake;
}

/** An OpenID provider that can be changed and spoilt at will. */
export function createProvider(
  name: string,
  person: Claims = {},
  metadata: Record<string, unknown> = {},
): Provider {
  const id = name.toLowerCase();
  const issuer = `https://${id}.example.org`;
  return { id, name, issuer, fake: createOidc({ issuer, person, metadata }) };
}

/** Starts a server with a connector for each provider. Their addresses are believed unless said. */
export async function startWith(
  providers: Provider[],
  options: {
    config?: Partial<ServerConfig>;
    settings?: Record<string, unknown>;
    others?: FakeUpstream[];
  } = {},
): Promise<Gatehouse> {
  const fakes = providers.map(({ fake }) => fake);
  const gatehouse = await startGatehouse(options.config, [...fakes, ...(options.others ?? [])]);
  for (const provider of providers) await connect(gatehouse, provider, options.settings);
  return gatehouse;
}

/** Adds the connector of a provider. */
export function connect(
  gatehouse: Gatehouse,
  { id, name, issuer }: Provider,
  settings: Record<string, unknown> = {},
): Promise<void> {
  const all = { ...OUR_CLIENT, issuer, email_trust: 'verified', ...settings };
  return addConnector(gatehouse, { id, name, kind: 'oidc', settings: all });
}

/** Disables the connector of a provider, or enables it, and waits until the server knows. */
export async function switchTo(
  gatehouse: Gatehouse,
  { id, name }: Pick<Provider, 'id' | 'name'>,
  enabled: boolean,
): Promise<void> {
  await setEnabled(gatehouse, id, enabled);
  const page = () => visit(gatehouse, createAgent(gatehouse.issuer));
  await eventually(page, ({ text }) => text.includes(`/federation/${id}"`) === enabled);
  if ((await page()).text.includes(`/federation/${id}"`) !== enabled) throw new Error(name);
}

/** A browser that is about to come back from a provider, with what it brings. */
export async function aboutToReturn(
  gatehouse: Gatehouse,
  { name, fake }: Provider,
  agent: Agent = createAgent(gatehouse.issuer),
): Promise<{ agent: Agent; page: Page; callback: Callback; query: URLSearchParams }> {
  const page = await visit(gatehouse, agent);
  const callback = await goTo(agent, page, name, fake);
  return { agent, page, callback, query: callback.body ?? new URL(callback.url).searchParams };
}

/** Goes all the way to a provider and back; the page on which that ends. */
export async function arrive(
  gatehouse: Gatehouse,
  { name, fake }: Provider,
  agent: Agent = createAgent(gatehouse.issuer),
): Promise<Page> {
  return through(agent, await visit(gatehouse, agent), name, fake);
}

/** Where a callback of this connector is received, with these parameters. */
export function callbackUrl(
  { issuer }: Pick<Gatehouse, 'issuer'>,
  connector: string,
  query: URLSearchParams | Record<string, string>,
): string {
  return `${issuer}/federation/${connector}/callback?${new URLSearchParams(query)}`;
}

/** The account for which the portal was given a code. */
export async function subjectOf(gatehouse: Gatehouse, page: Page): Promise<string> {
  const { id_token: token } = await tokensOf(gatehouse, page);
  if (typeof token !== 'string') throw new Error(`no code on ${page.url}: ${mainText(page)}`);
  return String(decodeJwt(token).sub);
}

/** Who is signed in in this browser. */
export async function signedInAs(gatehouse: Gatehouse, agent: Agent): Promise<string | undefined> {
  const page = await visit(gatehouse, agent, { prompt: 'none' });
  const location = page.headers.get('Location');
  const code = location && new URL(location).searchParams.get('code');
  return code ? subjectOf(gatehouse, page) : undefined;
}

/** The reasons of refused sign-ins that the audit trail has, the oldest first. */
export async function reasonsOf({ db }: Pick<Gatehouse, 'db'>): Promise<string[]> {
  const rows = await db
    .knex('audit_events')
    .where({ type: 'sign-in.failed' })
    .orderBy('id')
    .select('detail');
  return rows.map(({ detail }) => detail.reason);
}

/** The events of an account in the audit trail, the oldest first. */
export async function eventsOf(
  { db }: Pick<Gatehouse, 'db'>,
  accountId: string,
): Promise<string[]> {
  return db.knex('audit_events').where({ account_id: accountId }).orderBy('id').pluck('type');
}

/** Which accounts have an identity, by the subjects of the upstreams. */
export async function ownersOf({ db }: Pick<Gatehouse, 'db'>): Promise<Record<string, string>> {
  const rows = await db.knex('identities').select('subject', 'account_id');
  return Object.fromEntries(rows.map(({ subject, account_id }) => [subject, account_id]));
}

/** The code of six digits in the newest mail to an address. */
export async function codeFor(gatehouse: Gatehouse, email: string): Promise<string> {
  const mail = await newestMail(gatehouse, email, 'identity-code');
  const [digits] = /\b\d{6}\b/.exec(mail.text) ?? [];
  if (!digits) throw new Error(`no code in the mail to ${email}`);
  return digits;
}

/** Six digits that are not these. */
export function otherThan(code: string): string {
  return String((Number(code) + 1) % 1_000_000).padStart(6, '0');
}
