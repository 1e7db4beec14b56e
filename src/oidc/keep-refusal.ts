// The end of a refused request: the answer gets the id under which the refusal can be looked up, and
// what was refused to a client of an application is kept for its owners.
import type { Context } from 'koa';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Metering } from '../applications/metering.ts';
import { correlationId } from '../http/correlation.ts';
import type { Client } from '../storage/clients.ts';
import { apiInHand } from './api-in-hand.ts';
import type { ClientLookup } from './client-lookup.ts';
import { explainRule } from './refusal-rules.ts';
import type { Reason } from './refused-by.ts';

export interface RefusalDeps {
  issuer: string;
  clients: ClientLookup;
  metering: Metering;
}

interface Refused {
  /** The name of the endpoint, as the library's event has it. */
  endpoint: string;
  error: unknown;
}

/** Notes that the protocol refused this request; what is noted last is what the client is told. */
export function noteRefused(ctx: KoaContextWithOIDC, event: string, error: unknown): void {
  const endpoint = event.replace('.error', '').replace('grant', 'token');
  ctx.state['refusedBy'] = { endpoint, error } satisfies Refused;
}

/** Where the owner of an application reads why this request was refused. */
export function refusalUri(ctx: Context, issuer: string): string {
  return issuer + refusalPath(ctx);
}

/** The same for a page of ours. */
export function refusalPath(ctx: Context): string {
  return `/refusals/${correlationId(ctx)}`;
}

/** Completes the answer of a refused request and keeps the refusal. Others pass. */
export function completeRefusal(ctx: Context, deps: RefusalDeps): void {
  const refused: Refused | undefined = ctx.state['refusedBy'];
  if (!refused) return;
  nameInBody(ctx);
  nameInRedirect(ctx, deps.issuer);
  if (!(refused.error instanceof errors.OIDCProviderError)) return;
  // The provider has put its own part on the context by now.
  const protocolContext = ctx as unknown as KoaContextWithOIDC;
  const { client: known } = protocolContext.oidc;
  // A stopped client is unknown to the provider; its owners may know why.
  const client = known ? deps.clients.stored(known) : deps.clients.stopped(protocolContext);
  if (client?.application) {
    const { endpoint, error } = refused;
    keep(protocolContext, deps, client, { endpoint, error });
  }
}

// A member of our own is allowed in error answers (RFC 6749 section 5.2).
function nameInBody(ctx: Context): void {
  const { body } = ctx;
  if (typeof body === 'object' && body !== null && 'error' in body)
    ctx.body = { ...body, correlation_id: correlationId(ctx) };
}

// RFC 6749 section 4.1.2.1: error_uri is for whoever develops the client.
function nameInRedirect(ctx: Context, issuer: string): void {
  const location = ctx.response.get('Location');
  const url = ctx.status === 303 && location ? URL.parse(location) : null;
  if (!url) return;
  const uri = `error_uri=${encodeURIComponent(refusalUri(ctx, issuer))}`;
  // Written behind what is there: the client's own query must come back as it was.
  if (/[#&]error=/.test(url.hash)) ctx.set('Location', `${location}&${uri}`);
  else if (url.searchParams.has('error')) ctx.set('Location', `${location}&${uri}`);
}

function keep(
  ctx: KoaContextWithOIDC,
  deps: RefusalDeps,
  client: Client,
  { endpoint, error }: { endpoint: string; error: errors.OIDCProviderError },
): void {
  const { application } = client;
  if (!application) return;
  const { rule, detail }: Reason = application.stopped
    ? { rule: application.stopped, detail: {} }
    : explainRule(ctx, client, error);
  const of = { applicationId: application.id, clientId: client.id };
  const isThrottled = rule === 'quota_exceeded';
  deps.metering.usage.count({
    ...of,
    apiId: apiInHand(ctx)?.id ?? '',
    result: isThrottled ? 'throttled' : `refused:${rule}`,
  });
  deps.metering.refusals.keep({
    ...of,
    ...{ correlationId: correlationId(ctx), endpoint, rule, detail },
    error: error.error,
    description: descriptionOf(ctx, error),
    refusedAt: new Date(),
  });
}

function descriptionOf(ctx: KoaContextWithOIDC, error: errors.OIDCProviderError): string {
  const { body } = ctx;
  const told =
    typeof body === 'object' && body !== null && 'error_description' in body
      ? body.error_description
      : error.error_description;
  return typeof told === 'string' ? told.slice(0, 1000) : '';
}
