// oidc-provider's storage adapter over oidc_payloads. The values that a bearer presents are taken
// out of the payload before it is stored and put back when the right value asks for the row.
import { type Adapter, type AdapterFactory, type AdapterPayload, Provider } from 'oidc-provider';
import { requestAge } from '../http/correlation.ts';
import { deviceOf } from '../http/device.ts';
import type { Database } from '../storage/database.ts';
import {
  consumePayload,
  destroyPayload,
  endSession,
  findPayload,
  findPayloadBy,
  type PayloadKeys,
  revokeGrant,
  upsertPayload,
} from '../storage/oidc-payloads.ts';
import { seal, unseal } from '../storage/sealed-value.ts';
import type { SessionSeen } from '../storage/sessions.ts';
import type { StoredPayload } from '../storage/stored-payload.ts';
import { requestInHand } from './request-in-hand.ts';

/** Creates the adapter of each model. Clients are looked up elsewhere and never reach it. */
export function createAdapter(db: Database): AdapterFactory {
  return (model): Adapter => ({
    upsert: (id, payload, expiresIn) => upsert(db, model, id, payload, expiresIn),
    find: async (id) => restore(await find(db, model, id), id),
    findByUid: async (uid) => restore(await findPayloadBy(db, 'uid', uid)),
    findByUserCode: async (userCode) => restore(await findPayloadBy(db, 'user_code', userCode)),
    // Who redeems second learns it when the request commits: the protocol's own refusal, never a 500.
    consume: (id) => consumePayload(db, model, id),
    destroy: (id) => destroy(db, model, id),
    revokeByGrantId: (grantId) => revokeGrant(db, grantId),
  });
}

async function find(db: Database, model: string, id: string): Promise<StoredPayload | undefined> {
  const stored = await findPayload(db, model, id);
  if (model !== 'Session' || !stored?.consumed) return stored;
  return (await isHonestlyOutdated(db, stored)) ? { ...stored, consumed: false } : undefined;
}

// After a sign-in the session's old id is dead (session fixation). Windows of one browser may have
// sent it all the same: in a request that came before, or to go on from a form that was accepted.
async function isHonestlyOutdated(db: Database, { consumedAgo = 0 }: StoredPayload) {
  const ctx = Provider.ctx;
  if (!ctx) return false;
  if (consumedAgo <= requestAge(ctx)) return true;
  if (ctx.oidc.route !== 'resume') return false;
  const interaction = await findPayload(db, 'Interaction', String(ctx['params'].uid));
  return interaction?.payload['result'] !== undefined;
}

function destroy(db: Database, model: string, id: string): Promise<void> {
  if (model === 'Grant') return revokeGrant(db, id);
  if (model === 'Session') return endSession(db, id);
  // An interaction ends once, even when two tabs finish it at the same moment.
  return destroyPayload(db, model, id, { once: model === 'Interaction' });
}

async function upsert(
  db: Database,
  model: string,
  id: string,
  payload: AdapterPayload,
  expiresIn: number | undefined,
): Promise<void> {
  // Only clients and registration tokens come without a lifetime, and neither is stored here.
  if (expiresIn === undefined) throw new Error(`${model} without a lifetime`);
  await upsertPayload(db, model, id, {
    payload: { ...withoutBearerValues(id, payload), ...(model === 'Session' ? seenNow() : {}) },
    keys: keysOf(model, payload),
    secondsToLive: expiresIn,
  });
}

// From where a session was used last, for its owner to see: see accounts/self-care.
function seenNow(): { seen?: SessionSeen } {
  const ctx = requestInHand();
  if (!ctx) return {};
  const at = Math.floor(Date.now() / 1000);
  return { seen: { ...deviceOf(ctx), network: ctx.state['network'], at } };
}

// What is issued under a grant and goes when it is revoked. An interaction only mentions one.
const ISSUED_UNDER_GRANT = new Set([
  'AccessToken',
  'AuthorizationCode',
  'BackchannelAuthenticationRequest',
  'DeviceCode',
  'RefreshToken',
]);

function keysOf(model: string, payload: AdapterPayload): PayloadKeys {
  return {
    grantId: ISSUED_UNDER_GRANT.has(model) ? payload.grantId : undefined,
    uid: model === 'Session' ? payload.uid : undefined,
    userCode: payload.userCode,
    accountId: payload.accountId,
    clientId: payload.clientId,
  };
}

// References to other bearer values are sealed with the value of the artefact that holds them, and
// so are a pushed request and what a sign-out form carries.
const SEALED = ['parJti', 'deviceCode', 'request', 'state'] as const;

function withoutBearerValues(id: string, payload: AdapterPayload): Record<string, unknown> {
  const { jti: _jti, returnTo, session, params, prompt, ...rest } = payload;
  const stored: Record<string, unknown> = { ...rest };
  for (const name of SEALED) {
    const value = stored[name];
    if (value !== undefined)
      stored[name] = seal(Buffer.from(id), JSON.stringify(value), name).toString('base64url');
  }
  // `returnTo` ends with the interaction's id, `session.cookie` is the session's.
  if (returnTo !== undefined) stored['returnTo'] = returnTo.replace(/[^/]+$/, '');
  if (session !== undefined) stored['session'] = { ...session, cookie: undefined };
  // An ID token hint was checked before the interaction began; nobody reads it again.
  if (params !== undefined) stored['params'] = { ...params, id_token_hint: undefined };
  if (prompt !== undefined)
    stored['prompt'] = { ...prompt, details: { ...prompt.details, id_token_hint: undefined } };
  return stored;
}

function restore(stored: StoredPayload | undefined, id?: string): AdapterPayload | undefined {
  if (!stored) return undefined;
  // The library changes what it is given in place; a request may ask for one artefact twice.
  const payload: AdapterPayload = JSON.parse(JSON.stringify(stored.payload));
  delete payload['seen'];
  if (id !== undefined) restoreBearerValues(payload, id);
  // Asked for again, a refresh must come as far as its commit: see refresh-retry.ts.
  const isRetry = stored.repeatable && Provider.ctx?.oidc.route === 'token';
  if (stored.consumed && !isRetry) payload.consumed = true;
  // Expiry is decided by the database's clock; the library compares with the clock of this node.
  payload.exp = Math.floor(Date.now() / 1000) + stored.secondsLeft;
  return payload;
}

function restoreBearerValues(payload: AdapterPayload, id: string): void {
  payload.jti = id;
  if (payload.returnTo !== undefined) payload.returnTo += id;
  for (const name of SEALED) {
    const value: unknown = payload[name];
    if (typeof value === 'string')
      payload[name] = JSON.parse(unseal([Buffer.from(id)], Buffer.from(value, 'base64url'), name));
  }
}
