// oidc-provider's storage adapter over oidc_payloads. The values that a bearer presents are taken
// out of the payload before it is stored and put back when the right value asks for the row.
import { type Adapter, type AdapterFactory, type AdapterPayload, errors } from 'oidc-provider';
import type { Database } from '../storage/database.ts';
import {
  consumePayload,
  destroyPayload,
  findPayload,
  type PayloadKeys,
  revokeGrant,
  type StoredPayload,
  upsertPayload,
} from '../storage/oidc-payloads.ts';
import { currentUnitOfWork } from '../storage/unit-of-work.ts';
import { seal, unseal } from './sealed-value.ts';

/** Creates the adapter of each model. Clients are looked up elsewhere and never reach it. */
export function createAdapter(db: Database): AdapterFactory {
  return (model): Adapter => ({
    upsert: (id, payload, expiresIn) => inTurn(() => upsert(db, model, id, payload, expiresIn)),
    find: (id) => inTurn(async () => restore(await findPayload(db, model, 'id', id), id)),
    findByUid: (uid) => inTurn(async () => restore(await findPayload(db, model, 'uid', uid))),
    findByUserCode: (code) =>
      inTurn(async () => restore(await findPayload(db, model, 'user_code', code))),
    consume: (id) => inTurn(() => consume(db, model, id)),
    destroy: (id) =>
      inTurn(() => (model === 'Grant' ? revokeGrant(db, id) : destroyPayload(db, model, id))),
    // The library asks once for each model; one statement deletes them all, so the repeats find nothing.
    revokeByGrantId: (grantId) => inTurn(() => revokeGrant(db, grantId)),
  });
}

// The library asks for several artefacts at once, but a transaction has one connection.
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  return currentUnitOfWork()?.inTurn(work) ?? work();
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
    payload: withoutBearerValues(id, payload),
    keys: keysOf(model, id, payload),
    secondsToLive: expiresIn,
  });
}

async function consume(db: Database, model: string, id: string): Promise<void> {
  if (await consumePayload(db, model, id)) return;
  // Another request redeemed it between find and consume: the protocol's own refusal, never a 500.
  throw model === 'PushedAuthorizationRequest'
    ? new errors.InvalidRequestUri('the request_uri was already used')
    : new errors.InvalidGrant('already redeemed by a parallel request');
}

function keysOf(model: string, id: string, payload: AdapterPayload): PayloadKeys {
  return {
    grantId: model === 'Grant' ? id : payload.grantId,
    uid: model === 'Session' ? payload.uid : undefined,
    userCode: payload.userCode,
    accountId: payload.accountId,
    clientId: payload.clientId,
  };
}

// References to other bearer values are sealed with the value of the artefact that holds them.
const REFERENCES = ['parJti', 'deviceCode'] as const;

function withoutBearerValues(id: string, payload: AdapterPayload): Record<string, unknown> {
  const { jti: _jti, returnTo, session, ...rest } = payload;
  const stored: Record<string, unknown> = { ...rest };
  for (const name of REFERENCES) {
    const value = stored[name];
    if (typeof value === 'string')
      stored[name] = seal(Buffer.from(id), value, name).toString('base64url');
  }
  // `returnTo` ends with the interaction's id, `session.cookie` is the session's.
  if (returnTo !== undefined) stored['returnTo'] = returnTo.replace(/[^/]+$/, '');
  if (session !== undefined) stored['session'] = { ...session, cookie: undefined };
  return stored;
}

function restore(stored: StoredPayload | undefined, id?: string): AdapterPayload | undefined {
  if (!stored) return undefined;
  const payload: AdapterPayload = { ...stored.payload };
  if (id !== undefined) {
    payload.jti = id;
    if (payload.returnTo !== undefined) payload.returnTo += id;
    for (const name of REFERENCES) {
      const value = payload[name];
      if (typeof value === 'string')
        payload[name] = unseal([Buffer.from(id)], Buffer.from(value, 'base64url'), name);
    }
  }
  if (stored.consumed) payload.consumed = true;
  // Expiry is decided by the database's clock; the library compares with the clock of this node.
  payload.exp = Math.floor(Date.now() / 1000) + stored.secondsLeft;
  return payload;
}
