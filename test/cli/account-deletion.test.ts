// Deleting accounts by the command line, bringing them back, and the erasure.
import test from 'ava';
import { eraseDeletedAccounts } from '../../src/accounts/delete-account.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { type Environment, environmentOf, run, runJson } from './_cli.ts';

let gatehouse: Gatehouse;
let env: Environment;
test.before(async () => {
  gatehouse = await startGatehouse();
  env = { ...environmentOf(gatehouse.config), GATEHOUSE_ERASURE_DAYS: '7' };
});
test.after.always(() => gatehouse?.stop());

const create = (email: string) => runJson(['accounts', 'create', '--email', email], env);

/** Moves a deletion into the past, so that no test has to wait. */
async function ageDeletion(id: unknown, days: number) {
  const query = await gatehouse.db.query();
  await query('accounts')
    .where({ id })
    .update({ deleted_at: query.raw("now() - ? * interval '1 day'", [days]) });
}

test.serial('a deleted account says when it is erased, and frees its address', async (t) => {
  const { id } = await create('ina@example.com');
  const { code, stdout } = await run(['accounts', 'delete', 'ina@example.com'], env);
  t.is(code, 0);
  t.regex(
    stdout,
    /^ina@example\.com \(usr_\w+\) is deleted .* erased in 7 days; until then `accounts restore usr_/,
  );
  const again = await run(['accounts', 'delete', String(id)], env);
  t.deepEqual([again.code, again.stderr], [1, `There is no account ${id}.\n`]);

  await create('ina@example.com');
  const back = await run(['accounts', 'restore', String(id)], env);
  t.is(back.code, 1);
  t.regex(back.stderr, /another account with the address ina@example\.com by now/);
});

test.serial(
  'erased is erased: no row names the person, the audit trail keeps the id',
  async (t) => {
    const { id } = await create('per@example.com');
    await run(['groups', 'create', '--name', 'brief'], env);
    await run(['groups', 'add', 'brief', 'per@example.com'], env);
    await run(['accounts', 'delete', 'per@example.com'], env);
    await ageDeletion(id, 6);
    t.is(await eraseDeletedAccounts(gatehouse.db, 7), 0);
    await ageDeletion(id, 8);
    t.is(await eraseDeletedAccounts(gatehouse.db, 7), 1);

    const query = await gatehouse.db.query();
    t.is(await query('accounts').where({ id }).first(), undefined);
    t.is(await query('account_groups').where({ account_id: id }).first(), undefined);
    const events = await query('audit_events').where({ account_id: id }).orderBy('id');
    t.is(events.at(-1).type, 'account.erased');
    t.false(JSON.stringify(events).includes('per@'));
    const back = await run(['accounts', 'restore', String(id)], env);
    t.deepEqual(
      [back.code, back.stderr],
      [1, `There is no deleted account ${id}: it may have been erased.\n`],
    );
  },
);

test('the days of grace are a number of days', async (t) => {
  const { code, stderr } = await run(['accounts', 'list'], { ...env, GATEHOUSE_ERASURE_DAYS: '0' });
  t.is(code, 1);
  t.regex(stderr, /GATEHOUSE_ERASURE_DAYS must be a number of days from 1 to 3650/);
});
