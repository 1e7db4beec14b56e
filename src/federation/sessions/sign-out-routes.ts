// The upstream says that somebody signed out there: our sessions that began at that one end.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { invalidRequest, temporarilyUnavailable } from '../../errors.ts';
import { readFields } from '../../http/form.ts';
import { audit } from '../../observability/audit.ts';
import type { Database } from '../../storage/database.ts';
import { endSessionsOfUpstream } from '../../storage/upstream-sessions.ts';
import { Refusal } from '../connector.ts';
import type { Connector, Connectors } from '../connectors.ts';
import type { OpenUpstream, Upstreams } from '../upstreams/upstreams.ts';
import { createLogoutTokens } from './logout-token.ts';

export interface SignOutDeps {
  db: Database;
  connectors: Connectors;
  upstreams: Upstreams;
}

const LONGEST_SID = 512;
const tokenForm = z.object({ logout_token: z.string().min(1).max(20_000) });

/** Adds the front-channel and back-channel logout URIs of each connector. */
export function addSignOutRoutes(router: Router, deps: SignOutDeps): void {
  const verifyLogoutToken = createLogoutTokens(deps.db);
  // OpenID Connect Front-Channel Logout section 2: in a frame, where browsers send no cookies.
  router.get('/federation/:connector/front-channel-logout', async (ctx) => {
    const connector = await findConnector(ctx, deps);
    const { iss, sid } = ctx.query;
    ctx.set('Cache-Control', 'no-store');
    if (typeof sid !== 'string' || sid === '' || sid.length > LONGEST_SID)
      throw invalidRequest('The parameter sid is missing.');
    if (Array.isArray(iss)) throw invalidRequest('The parameter iss was sent twice.');
    await end(ctx, deps, connector, { sid, issuer: iss });
    allowFrame(ctx, connector);
    ctx.status = 200;
    ctx.type = 'text/plain';
    ctx.body = '';
  });

  // OpenID Connect Back-Channel Logout section 2.5.
  router.post('/federation/:connector/back-channel-logout', async (ctx) => {
    const connector = await findConnector(ctx, deps);
    const { logout_token: token } = await readFields(ctx, tokenForm);
    const upstream = await open(deps, connector);
    const { sid, subject } = await verifyLogoutToken(connector, upstream, token);
    await end(ctx, deps, connector, { sid, subject });
    ctx.set('Cache-Control', 'no-store');
    ctx.status = 200;
    ctx.body = '';
  });
}

async function findConnector(ctx: Context, { connectors }: SignOutDeps): Promise<Connector> {
  const id = String(ctx['params']['connector']);
  const connector = await connectors.findEnabled(id);
  if (!connector) throw invalidRequest('There is no such connector.');
  return connector;
}

// The upstream sends its token again.
async function open({ upstreams }: SignOutDeps, connector: Connector): Promise<OpenUpstream> {
  try {
    return await upstreams.open(connector);
  } catch (error) {
    throw error instanceof Refusal ? temporarilyUnavailable(error) : error;
  }
}

async function end(
  ctx: Context,
  { db }: SignOutDeps,
  { id }: Connector,
  which: { issuer?: string | undefined; sid?: string | undefined; subject?: string | undefined },
): Promise<void> {
  const ended = await endSessionsOfUpstream(db, id, which);
  for (const accountId of ended)
    audit(ctx, { type: 'session.ended-upstream', accountId, detail: { connector: id } });
}

// The only page of ours that may stand in a frame, and only in the upstream's.
function allowFrame(ctx: Context, { settings }: Connector): void {
  const authority = settings['authority'] ?? settings['issuer'];
  const origin = typeof authority === 'string' ? URL.parse(authority)?.origin : undefined;
  ctx.remove('X-Frame-Options');
  ctx.set('Content-Security-Policy', `default-src 'none'; frame-ancestors ${origin ?? "'none'"}`);
}
