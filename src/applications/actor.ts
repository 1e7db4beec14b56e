// Who changes something of an application.
import type { Context } from 'koa';

export interface Actor {
  kind: 'account' | 'operator' | 'webhook' | 'delegation' | 'job';
  accountId?: string | undefined;
  network?: string | undefined;
  correlationId?: string | undefined;
}

/** Anybody, or the application itself with one of its credentials. */
export type AnyActor = Actor | (Omit<Actor, 'kind'> & { kind: 'client' });

/** The actor of a request that an account sent. */
export function actorOf(ctx: Context, accountId: string): Actor {
  const { network, correlationId } = ctx.state;
  return { kind: 'account', accountId, network, correlationId };
}
