// What must hold when several callers ask an adapter at the same moment. Plain functions that answer
// with the faults they found, so that they can be tried on an adapter that is known to be wrong.
import { type Adapter, type AdapterFactory, errors } from 'oidc-provider';
import {
  type CONSUMABLE,
  LIFETIME,
  type Model,
  payloadOf,
  REVOCABLE,
  randomId,
} from './_artefacts.ts';

export interface RaceSize {
  rounds: number;
  callers: number;
}

/** One artefact, many callers: exactly one redeems it, each other one is told so. */
export function raceToConsume(
  factory: AdapterFactory,
  model: (typeof CONSUMABLE)[number],
  size: RaceSize,
): Promise<string[]> {
  return raceForOne(factory, model, size, (adapter, id) => adapter.consume(id));
}

/** One artefact, many callers: exactly one ends it, each other one is told so. */
export function raceToDestroy(
  factory: AdapterFactory,
  model: Model,
  size: RaceSize,
): Promise<string[]> {
  return raceForOne(factory, model, size, (adapter, id) => adapter.destroy(id));
}

async function raceForOne(
  factory: AdapterFactory,
  model: Model,
  { rounds, callers }: RaceSize,
  redeem: (adapter: Adapter, id: string) => Promise<unknown>,
): Promise<string[]> {
  const adapter = factory(model);
  const faults: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const id = await store(adapter, model, randomId());
    const outcomes = await Promise.allSettled(many(callers, () => redeem(adapter, id)));
    const winners = outcomes.filter(({ status }) => status === 'fulfilled').length;
    if (winners !== 1) faults.push(`${winners} of ${callers} redeemed one ${model}`);
    faults.push(...failures(outcomes));
  }
  return faults;
}

/** Saving what was read before somebody redeemed it does not make it new. */
export async function saveStaleCopy(
  factory: AdapterFactory,
  model: (typeof CONSUMABLE)[number],
): Promise<string[]> {
  const adapter = factory(model);
  const id = await store(adapter, model, randomId());
  const read = await adapter.find(id);
  if (!read) return [`${model} was not found`];
  const copy = structuredClone(read);
  await adapter.consume(id);
  await adapter.upsert(id, copy, LIFETIME);
  const found = await adapter.find(id);
  return found?.consumed ? [] : [`a redeemed ${model} was saved and is new again`];
}

/** Two things issued under one grant at the same time are both stored. */
export async function issueTogether(
  factory: AdapterFactory,
  { rounds, callers }: RaceSize,
): Promise<string[]> {
  const faults: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const grantId = randomId();
    const issued: { adapter: Adapter; id: string }[] = [];
    const issue = async (model: 'AccessToken' | 'RefreshToken') => {
      const adapter = factory(model);
      issued.push({ adapter, id: await store(adapter, model, grantId) });
    };
    const work = many(callers, () => [issue('AccessToken'), issue('RefreshToken')]).flat();
    faults.push(...failures(await Promise.allSettled(work)));
    for (const { adapter, id } of issued)
      if (!(await adapter.find(id))) faults.push('one of two tokens is missing');
  }
  return faults;
}

/** A family that is revoked while it is used is gone, and nobody failed over it. */
export async function revokeWhileUsed(
  factory: AdapterFactory,
  { rounds, callers }: RaceSize,
): Promise<string[]> {
  const faults: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const family = await createFamily(factory);
    const { grantId, code, refreshToken } = family;
    const outcomes = await Promise.allSettled(
      many(callers, () => [
        factory('AuthorizationCode').consume(code),
        factory('RefreshToken').consume(refreshToken),
        revoke(factory, grantId),
        store(factory('AccessToken'), 'AccessToken', grantId),
        store(factory('RefreshToken'), 'RefreshToken', grantId),
      ]).flat(),
    );
    faults.push(...failures(outcomes), ...(await survivors(factory, family)));
    // What was issued after the last revocation has no grant, and the next revocation takes it.
    await revoke(factory, grantId);
    for (const id of storedIds(outcomes))
      if ((await factory('AccessToken').find(id)) || (await factory('RefreshToken').find(id)))
        faults.push('a token outlived the revocation of its grant');
  }
  return faults;
}

interface Family {
  grantId: string;
  code: string;
  refreshToken: string;
  accessToken: string;
}

async function createFamily(factory: AdapterFactory): Promise<Family> {
  const grantId = randomId();
  await factory('Grant').upsert(grantId, payloadOf('Grant', grantId), LIFETIME);
  const issue = (model: (typeof REVOCABLE)[number]) => store(factory(model), model, grantId);
  return {
    grantId,
    code: await issue('AuthorizationCode'),
    refreshToken: await issue('RefreshToken'),
    accessToken: await issue('AccessToken'),
  };
}

async function survivors(factory: AdapterFactory, family: Family): Promise<string[]> {
  const { grantId, code, refreshToken, accessToken } = family;
  const found = {
    grant: await factory('Grant').find(grantId),
    code: await factory('AuthorizationCode').find(code),
    'refresh token': await factory('RefreshToken').find(refreshToken),
    'access token': await factory('AccessToken').find(accessToken),
  };
  return Object.entries(found).flatMap(([name, stored]) =>
    stored ? [`the ${name} of a revoked family came back`] : [],
  );
}

/** Revokes as the library does: each model at the same time, and the grant. */
export async function revoke(factory: AdapterFactory, grantId: string): Promise<void> {
  await Promise.all([
    ...REVOCABLE.map((model) => factory(model).revokeByGrantId(grantId)),
    factory('Grant').destroy(grantId),
  ]);
}

/** Stores a small artefact under a grant and answers its id. */
export async function store(adapter: Adapter, model: string, grantId: string): Promise<string> {
  const id = randomId();
  await adapter.upsert(id, payloadOf(model, id, { grantId }), LIFETIME);
  return id;
}

function many<T>(count: number, work: () => T): T[] {
  return Array.from({ length: count }, work);
}

function storedIds(outcomes: PromiseSettledResult<unknown>[]): string[] {
  return outcomes.flatMap((outcome) =>
    outcome.status === 'fulfilled' && typeof outcome.value === 'string' ? [outcome.value] : [],
  );
}

// Losing is answered in the protocol's words (400); anything else would become a 500.
function failures(outcomes: PromiseSettledResult<unknown>[]): string[] {
  return outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' && !isProtocolError(outcome.reason)
      ? [`it failed: ${outcome.reason}`]
      : [],
  );
}

/** True for what the library, or the host around it, answers with 400. */
export function isProtocolError(error: unknown): boolean {
  if (error instanceof errors.OIDCProviderError) return error.status === 400;
  return error instanceof Error && 'status' in error && error.status === 400;
}
