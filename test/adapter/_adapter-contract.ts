// What any storage adapter of oidc-provider must keep to, as tests. The library says it in prose only
// (docs, "adapter"), and none of its own adapters can fail a race.
import test, { type ExecutionContext } from 'ava';
import type { Adapter, AdapterFactory } from 'oidc-provider';
import {
  isProtocolError,
  issueTogether,
  raceToConsume,
  raceToDestroy,
  revokeWhileUsed,
  saveStaleCopy,
  store,
} from './_adapter-races.ts';
import { registerTexts } from './_adapter-texts.ts';
import {
  BEARER_VALUES,
  CONSUMABLE,
  createArtefacts,
  LIFETIME,
  MODELS,
  type Model,
  payloadOf,
  REVOCABLE,
  randomId,
} from './_artefacts.ts';
import { compareFields } from './_compare-fields.ts';
import type { AdapterClaims, Check, OpenAdapter, Subject } from './_open-adapter.ts';

/** Registers the contract's tests for the adapter that `open` opens, once for all of them. */
export function testAdapter(
  name: string,
  open: () => Promise<OpenAdapter>,
  claims: AdapterClaims = {},
): void {
  let opened: OpenAdapter | undefined;
  let subject: Subject;
  test.before(async () => {
    opened = await open();
    subject = { ...opened, artefacts: createArtefacts(opened.factory) };
  });
  test.after.always(() => opened?.close());

  const stored = MODELS.filter((model) => !claims.unstored?.includes(model));
  const check = (title: string, run: (t: ExecutionContext, subject: Subject) => Promise<void>) =>
    test.serial(`${name}: ${title}`, (t) => run(t, subject));

  for (const model of stored) {
    check(`every field of ${model} survives a round trip`, async (t, { artefacts }) => {
      const { id, fields, load } = await artefacts.save(model);
      const found = await load();
      t.truthy(found, id);
      compareFields(t, found, fields, withheldFrom(model, claims.withheld));
    });
    check(`${model} can be overwritten, destroyed and missed`, (t, { factory }) =>
      checkLife(t, factory, model, claims),
    );
  }
  for (const model of claims.endedOnce ?? []) {
    check(`many at once: one ends ${model}, the others are refused`, async (t, { factory }) => {
      t.deepEqual(await raceToDestroy(factory, model, SIZE), []);
    });
  }
  for (const model of CONSUMABLE.filter((one) => stored.includes(one))) {
    check(`a used ${model} is still found, and says so`, (t, s) => checkConsumed(t, s, model));
    check(`many at once: one redeems ${model}, the others are refused`, async (t, s) => {
      t.deepEqual(await raceToConsume(s.factory, model, SIZE), []);
    });
    check(`saving an old copy does not renew a used ${model}`, async (t, s) => {
      t.deepEqual(await saveStaleCopy(s.factory, model), []);
    });
  }
  registerLookups(check, claims);
  registerRevocation(check, stored);
  registerTexts(check);
  registerSecrecy(check, stored);
  registerExpiry(check, stored);
}

const SIZE = { rounds: 10, callers: 16 };

async function checkLife(
  t: ExecutionContext,
  factory: AdapterFactory,
  model: Model,
  { endedOnce }: AdapterClaims,
) {
  const adapter = factory(model);
  const id = randomId();
  t.falsy(await adapter.find(id), 'nothing is there yet');
  if (!endedOnce?.includes(model)) await t.notThrowsAsync(async () => adapter.destroy(id));
  await adapter.upsert(id, payloadOf(model, id, { scope: 'one', nonce: 'first' }), LIFETIME);
  await adapter.upsert(id, payloadOf(model, id, { scope: 'two' }), LIFETIME);
  const found = await adapter.find(id);
  t.is(found?.scope, 'two');
  t.is(found?.nonce, undefined, 'what was there before is gone');
  t.falsy(found?.consumed);
  t.falsy(await factory(model === 'Grant' ? 'Session' : 'Grant').find(id), 'another model');
  await adapter.destroy(id);
  t.falsy(await adapter.find(id));
}

async function checkConsumed(t: ExecutionContext, subject: Subject, model: Model) {
  const { id, load } = await subject.artefacts.save(model);
  const adapter = subject.factory(model);
  await adapter.consume(id);
  t.truthy((await adapter.find(id))?.consumed);
  const found = await load();
  t.truthy(found?.['consumed']);
  t.is(found?.['isValid'], false);
  for (const used of [id, randomId()]) {
    const error = await t.throwsAsync(async () => adapter.consume(used));
    t.true(isProtocolError(error), String(error));
  }
}

function registerLookups(check: Check, claims: AdapterClaims): void {
  check('a session is found by its uid, under its newest id', async (t, { factory, artefacts }) => {
    const first = await artefacts.save('Session');
    const uid = String(first.fields['uid']);
    // A session keeps its uid when its id changes (the library's defence against fixation).
    await factory('Session').destroy(first.id);
    const second = await artefacts.save('Session', { uid, acr: 'urn:acr:3' });
    const found = await factory('Session').findByUid(uid);
    compareFields(t, found, second.fields, claims.withheldByUid ?? []);
    await factory('Session').destroy(second.id);
    t.falsy(await factory('Session').findByUid(uid));
    t.falsy(await factory('Session').findByUid(randomId()));
  });

  check('a device code is found by its user code', async (t, { factory, artefacts }) => {
    const { id, fields } = await artefacts.save('DeviceCode');
    const userCode = String(fields['userCode']);
    const adapter = factory('DeviceCode');
    compareFields(
      t,
      await adapter.findByUserCode(userCode),
      fields,
      claims.withheldByUserCode ?? [],
    );
    await adapter.consume(id);
    t.truthy((await adapter.findByUserCode(userCode))?.consumed);
    await adapter.destroy(id);
    t.falsy(await adapter.findByUserCode(userCode));
    t.falsy(await adapter.findByUserCode(randomId()));
  });

  check('ids that differ only in case are different', async (t, { factory }) => {
    const adapter = factory('RefreshToken');
    const id = `aB${randomId()}`;
    for (const other of [id.toLowerCase(), id.toUpperCase()]) {
      await adapter.upsert(id, payloadOf('RefreshToken', id, { nonce: 'mixed' }), LIFETIME);
      t.falsy(await adapter.find(other));
      await adapter.destroy(other);
      t.is((await adapter.find(id))?.nonce, 'mixed');
    }
    const session = payloadOf('Session', randomId(), { uid: id });
    await factory('Session').upsert(String(session.jti), session, LIFETIME);
    t.falsy(await factory('Session').findByUid(id.toLowerCase()));
  });
}

function registerRevocation(check: Check, stored: Model[]): void {
  const revocable = REVOCABLE.filter((model) => stored.includes(model));
  check('revoking a grant takes all that was issued on it, and nothing else', async (t, s) => {
    const [revoked, other] = [randomId(), randomId()];
    const issue = async (model: (typeof REVOCABLE)[number], grantId: string) => ({
      model,
      id: await store(s.factory(model), model, grantId),
    });
    const gone = await Promise.all(revocable.map((model) => issue(model, revoked)));
    const kept = await Promise.all(revocable.map((model) => issue(model, other)));
    for (const model of revocable) await s.factory(model).revokeByGrantId(revoked);
    for (const { model, id } of gone) t.falsy(await s.factory(model).find(id), model);
    for (const { model, id } of kept) t.truthy(await s.factory(model).find(id), model);
    await t.notThrowsAsync(async () => s.factory('AccessToken').revokeByGrantId(randomId()));
  });

  check('tokens issued at once under one grant are all stored', async (t, { factory }) => {
    t.deepEqual(await issueTogether(factory, { rounds: 20, callers: 4 }), []);
  });

  check('a family revoked while it is used is gone', async (t, { factory }) => {
    t.deepEqual(await revokeWhileUsed(factory, { rounds: 20, callers: 3 }), []);
  });
}

function registerSecrecy(check: Check, stored: Model[]): void {
  check('what a bearer presents is not stored in clear', async (t, { artefacts, rows }) => {
    if (!rows) return void t.pass('it does not claim that');
    // A grant's id is presented by nobody, and a redeemed `jti` is a digest already.
    const bearers = stored.filter((model) => model !== 'Grant' && model !== 'ReplayDetection');
    const values: string[] = Object.values(BEARER_VALUES);
    for (const model of bearers) values.push((await artefacts.save(model)).id);
    const text = await rows();
    t.true(text.length > 0);
    for (const value of values) t.false(text.includes(value), value);
  });
}

function registerExpiry(check: Check, stored: Model[]): void {
  for (const model of stored) {
    check(`the database's clock decides when ${model} expires`, async (t, subject) => {
      if (!subject.advance) return void t.pass('it does not claim that');
      const { id } = await subject.artefacts.save(model);
      const adapter = subject.factory(model);
      for (const hoursWrong of [-5, 0, 5]) {
        const left = await secondsLeft(adapter, id, hoursWrong);
        t.true(left > LIFETIME - 60 && left <= LIFETIME, `${left} s, ${hoursWrong} h wrong`);
      }
      await subject.advance(LIFETIME + 1);
      for (const hoursWrong of [-5, 0, 5])
        t.true((await secondsLeft(adapter, id, hoursWrong)) <= 0, `${hoursWrong} h wrong`);
    });
  }
  for (const model of CONSUMABLE.filter((one) => stored.includes(one))) {
    check(`an expired ${model} cannot be redeemed`, async (t, subject) => {
      if (!subject.advance) return void t.pass('it does not claim that');
      const { id } = await subject.artefacts.save(model);
      await subject.advance(LIFETIME + 1);
      const error = await t.throwsAsync(async () => subject.factory(model).consume(id));
      t.true(isProtocolError(error), String(error));
    });
  }
}

/** The seconds that the library believes are left, on a node whose clock is wrong. */
async function secondsLeft(adapter: Adapter, id: string, hoursWrong: number): Promise<number> {
  const now = Date.now;
  Date.now = () => now() + hoursWrong * 3_600_000;
  try {
    const found = await adapter.find(id);
    return found ? Number(found.exp) - Date.now() / 1000 : 0;
  } finally {
    Date.now = now;
  }
}

function withheldFrom(model: Model, withheld: string[] = []): string[] {
  return withheld.flatMap((path) =>
    path.startsWith(`${model}.`) ? [path.slice(model.length + 1)] : [],
  );
}
