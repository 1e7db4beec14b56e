// oidc-provider's events: to the log, to audit rows, and to the fate of the transaction.
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { errors } from 'oidc-provider';
import { logWithRequest } from '../http/correlation.ts';
import { noteFailure, noteRefusal } from '../http/unit-of-work.ts';
import { audit } from '../observability/audit.ts';
import type { Database } from '../storage/database.ts';
import { expectGrant } from '../storage/oidc-payloads.ts';
import type { BrowserBinding } from './browser-binding.ts';
import type { ClientLookup } from './client-lookup.ts';
import { isRotation } from './credential-rotation.ts';
import { noteRefused } from './keep-refusal.ts';
import { allowRefreshRetry } from './refresh-retry.ts';
import { explainRefusal } from './refusals.ts';

const REFUSED_BY_JSON = [
  'grant.error',
  'introspection.error',
  'revocation.error',
  'pushed_authorization_request.error',
] as const;
const OTHER_ERRORS = [
  'userinfo.error',
  'end_session.error',
  'end_session_confirm.error',
  'end_session_success.error',
] as const;

/** Attaches all listeners to one Provider instance. */
export function listenToProvider(
  provider: Provider,
  { db, browser, clients }: { db: Database; browser: BrowserBinding; clients: ClientLookup },
): void {
  provider.on('interaction.started', (ctx) => {
    const uid = ctx.oidc.entities.Interaction?.uid;
    if (uid) browser.bind(ctx, uid);
  });
  provider.on('interaction.ended', (ctx) => {
    const uid = ctx.oidc.entities.Interaction?.uid;
    if (uid) browser.release(ctx, uid);
  });
  provider.on('server_error', (ctx, error) => noteFailure(ctx, error));

  for (const name of REFUSED_BY_JSON) {
    // All of them have one signature, which the overloads of `on` cannot say of a union.
    provider.on(name as 'grant.error', (ctx, error) => {
      if (error instanceof errors.OIDCProviderError) explainRefusal(ctx, error);
      if (name === 'grant.error') noteRefusal(ctx);
      noteRefused(ctx, endpointEvent(ctx, name), error);
      // An unknown client costs no row: anybody could fill the table. What is refused to an
      // application is kept for its owners instead: see keep-refusal.ts.
      if (ctx.oidc.client && !clients.stored(ctx.oidc.client).application)
        recordRefusal(ctx, name, error);
      logRefusal(ctx, name, error);
    });
  }
  for (const name of OTHER_ERRORS) {
    provider.on(name as 'userinfo.error', (ctx, error) => {
      noteRefused(ctx, name, error);
      logRefusal(ctx, name, error);
    });
  }

  provider.on('authorization.error', (ctx, error) => {
    noteRefused(ctx, 'authorization.error', error);
    if (ctx.oidc.client && ctx.oidc.session?.accountId)
      recordRefusal(ctx, 'authorization.error', error);
    logRefusal(ctx, 'authorization.error', error);
  });
  provider.on('authorization.success', (ctx) => record(ctx, 'authorization.granted'));
  provider.on('grant.success', (ctx) => {
    // A revocation that commits before this request must win (no token outlives it).
    const grantId = ctx.oidc.entities.Grant?.jti;
    if (grantId) void expectGrant(db, grantId);
    allowRefreshRetry(ctx, db);
    const grantType = ctx.oidc.params?.['grant_type'];
    // A machine's token must not cost a write: the log line below is its trace.
    if (grantType !== 'client_credentials') record(ctx, 'token.issued', { grant_type: grantType });
    logWithRequest(ctx, { clientId: ctx.oidc.client?.clientId, grantType, issued: tokenId(ctx) });
  });
  provider.on('grant.revoked', (ctx) => record(ctx, 'grant.revoked'));
  provider.on('end_session.success', (ctx) => record(ctx, 'sign-out'));
}

function record(ctx: KoaContextWithOIDC, type: string, detail?: Record<string, unknown>): void {
  const { client, entities, session } = ctx.oidc;
  audit(ctx, {
    type,
    clientId: client?.clientId,
    accountId: entities.Account?.accountId ?? session?.accountId,
    detail: { scope: ctx.oidc.params?.['scope'], ...detail },
  });
}

// A rotation passes through an endpoint of the library, and is refused as what it is.
function endpointEvent(ctx: KoaContextWithOIDC, name: string): string {
  return isRotation(ctx) ? 'credential.rotation.error' : name;
}

function recordRefusal(ctx: KoaContextWithOIDC, event: string, error: unknown): void {
  const type = endpointEvent(ctx, event);
  record(ctx, type.replace('.error', '.refused').replace('grant.', 'token.'), reasons(error));
}

function logRefusal(ctx: KoaContextWithOIDC, event: string, error: unknown): void {
  logWithRequest(ctx, { refused: event, clientId: ctx.oidc.client?.clientId, ...reasons(error) });
}

function reasons(error: unknown): Record<string, unknown> {
  if (!(error instanceof errors.OIDCProviderError)) return { error: 'server_error' };
  return {
    error: error.error,
    description: error.error_description,
    detail: error.error_detail,
  };
}

// A JWT's jti names the token without being it; the id of an opaque token is the token.
function tokenId(ctx: KoaContextWithOIDC): string | undefined {
  const token = ctx.oidc.entities.ClientCredentials ?? ctx.oidc.entities.AccessToken;
  return token?.resourceServer ? token.jti : undefined;
}
