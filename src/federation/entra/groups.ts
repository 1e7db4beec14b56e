// Groups of a person in Microsoft Entra: in the token, or, when there are too many for one, at Graph.

import type { IDToken } from 'openid-client';
import type { OutgoingFetch } from '../../http/outgoing/outgoing-fetch.ts';
import type { UpstreamIdentity } from '../connector.ts';
import { isTrue, namesOf } from '../upstreams/openid-upstream.ts';

const MOST_PAGES = 20;
const MOST_GROUPS = 5000;
/** For all pages together: a person waits for it. */
const PATIENCE_MS = 3000;

/** What a client that asks Graph needs in `scopes`. */
export function graphProblems(settings: {
  graph_groups: boolean;
  scopes?: string[] | undefined;
}): string[] {
  if (!settings.graph_groups) return [];
  const mayRead = settings.scopes?.some((scope) => /(^|\/)(User|Directory)\.Read/.test(scope));
  if (mayRead) return [];
  return ['scopes: graph_groups needs User.Read among them, beside openid, profile and email'];
}

/**
 * Entra leaves out a claim that would be empty. Where the settings map groups or roles, none named
 * means none, so that somebody who was removed from all of them loses them here.
 */
export function membershipsOf(
  mapped: { groups: object; roles: object },
  { groups, roles }: Pick<UpstreamIdentity, 'groups' | 'roles'>,
): Pick<UpstreamIdentity, 'groups' | 'roles'> {
  const maps = (names: object) => Object.keys(names).length > 0;
  return {
    groups: groups ?? (maps(mapped.groups) ? [] : undefined),
    roles: roles ?? (maps(mapped.roles) ? [] : undefined),
  };
}

/** How Graph is asked: with the person's own token. */
export interface Graph {
  origin: string;
  accessToken: string;
  fetch: OutgoingFetch;
}

/** The ids of the groups that the token names; of Graph, if it may be asked, when it names none of too many. */
export async function groupsOf(
  claims: IDToken,
  graph: Graph | undefined,
): Promise<UpstreamIdentity['groups']> {
  const named = namesOf(claims['groups']);
  if (named) return named;
  if (!isOverage(claims)) return undefined;
  if (!graph) return 'unknown';
  try {
    return await askGraph(graph);
  } catch {
    // No permission, no answer, or none that can be believed: nothing may be concluded from it.
    return 'unknown';
  }
}

/** Whether the token leaves groups out. The address that it names instead is never called. */
function isOverage(claims: IDToken): boolean {
  const names = claims['_claim_names'];
  const elsewhere = typeof names === 'object' && names !== null && 'groups' in names;
  return elsewhere || isTrue(claims['hasgroups']);
}

async function askGraph(graph: Graph): Promise<string[] | 'unknown'> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const ids: string[] = [];
  let next: string | undefined = `${graph.origin}/v1.0/me/getMemberObjects`;
  for (let page = 0; next && page < MOST_PAGES; page++) {
    const answer = await readPage(graph, next, signal);
    ids.push(...answer.ids);
    next = answer.next;
  }
  return next || ids.length > MOST_GROUPS ? 'unknown' : ids;
}

async function readPage(graph: Graph, url: string, signal: AbortSignal) {
  const response = await graph.fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${graph.accessToken}`,
      accept: 'application/json',
      'content-type': 'application/json',
    },
    body: JSON.stringify({ securityEnabledOnly: false }),
    redirect: 'manual',
    signal,
  });
  const body: unknown = response.status === 200 ? await response.json() : undefined;
  const page = (typeof body === 'object' ? body : undefined) as Record<string, unknown> | undefined;
  const ids = namesOf(page?.['value']);
  if (!page || !ids) throw new Error(`Graph answered ${response.status}`);
  return { ids, next: nextPage(page['@odata.nextLink'], graph.origin) };
}

// The token must not follow a link to another place.
function nextPage(link: unknown, origin: string): string | undefined {
  if (link === undefined || link === null) return undefined;
  if (typeof link === 'string' && URL.canParse(link) && new URL(link).origin === origin)
    return link;
  throw new Error('Graph names a next page elsewhere');
}
