// Signing out there as well (OpenID Connect RP-Initiated Logout): after ours has ended, the browser goes
// to the upstream, comes back by the redirect URI, and only then goes where the client wants it.
import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import { requestLog } from '../../http/correlation.ts';
import { type AttemptDeps, keepAttempt } from '../attempts/kept-attempts.ts';
import { Refusal } from '../connector.ts';
import type { Connector, Connectors } from '../connectors.ts';
import { upstreamOfSession } from './upstream-session.ts';

export interface UpstreamSignOutDeps extends AttemptDeps {
  connectors: Connectors;
}

/** Where a session of ours began, for the page that asks; undefined: not at an upstream. */
export async function describeUpstream(
  deps: UpstreamSignOutDeps,
  sessionUid: string,
): Promise<{ name: string; canSignOut: boolean } | undefined> {
  const connector = await connectorOf(deps, sessionUid);
  return connector && { name: connector.name, canSignOut: canSignOut(connector) };
}

/** Begins the sign-out there; undefined: it has none, or cannot be reached, and ours is all there is. */
export async function beginUpstreamSignOut(
  ctx: Context,
  deps: UpstreamSignOutDeps,
  { sessionUid, returnTo }: { sessionUid: string; returnTo: string },
): Promise<{ name: string; href: string } | undefined> {
  const connector = await connectorOf(deps, sessionUid);
  if (!connector || !canSignOut(connector)) return undefined;
  const session = await upstreamOfSession(deps, sessionUid);
  const state = randomBytes(32).toString('base64url');
  try {
    const upstream = await deps.upstreams.open(connector);
    const { configuration } = upstream;
    const logoutHint = session?.logoutHint;
    const url = connector.kind.endSession?.(upstream, {
      ...{ configuration, state },
      ...(logoutHint ? { logoutHint } : {}),
    });
    if (!url) return undefined;
    const attempt = { purpose: { kind: 'sign-out', returnTo } as const };
    await keepAttempt(ctx, deps, { connectorId: connector.id, state, attempt });
    return { name: connector.name, href: url.href };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    requestLog(ctx).warn({ connector: connector.id, advice: error.message }, 'no sign-out there');
    return undefined;
  }
}

async function connectorOf(
  deps: UpstreamSignOutDeps,
  sessionUid: string,
): Promise<Connector | undefined> {
  const session = await upstreamOfSession(deps, sessionUid);
  return session && deps.connectors.findEnabled(session.connectorId);
}

function canSignOut({ kind, settings }: Connector): boolean {
  return settings.upstream_logout && kind.endSession !== undefined;
}
