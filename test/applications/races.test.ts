// Changes of one application at the same time, in the one order that hurts: a lock that the test holds
// lets both get to where they meet.
import type { Knex } from 'knex';
import { insertApplicationInvitation } from '../../src/storage/application-invitations.ts';
import { findApplication } from '../../src/storage/applications.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { eventually } from '../_protocol.ts';
import { addDeveloper, createByForm } from './_developer.ts';

let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());

/** Begins one request after the other, each when those before wait for a lock, and lets go. */
async function inTurn(
  hold: (query: Knex) => Knex.QueryBuilder,
  requests: (() => Promise<Response>)[],
): Promise<number[]> {
  const answers: Promise<Response>[] = [];
  await gatehouse.db.knex.transaction(async (query) => {
    await hold(query);
    for (const request of requests) {
      answers.push(request());
      const wanted = answers.length;
      await eventually(waiting, (count) => count >= wanted, 5);
    }
  });
  return (await Promise.all(answers)).map(({ status }) => status);
}

async function waiting(): Promise<number> {
  const { rows } = await gatehouse.db.knex.raw(
    `SELECT count(*)::int AS n FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return rows[0].n;
}

async function createTeam() {
  const [owner, coOwner] = [await addDeveloper(gatehouse), await addDeveloper(gatehouse)];
  const { id } = await createByForm(owner);
  const query = await gatehouse.db.query();
  const join = () =>
    query('application_members').insert({ application_id: id, account_id: coOwner.id });
  return { owner, coOwner, id, query, join };
}

test('an application is not passed on to who leaves at the same time', async (t) => {
  const { owner, coOwner, id, query, join } = await createTeam();
  await join();
  const statuses = await inTurn(
    (holder) => holder('applications').where({ id }).forUpdate().select('id'),
    [
      () => coOwner.post(`/applications/${id}/members/leave`),
      () => owner.post(`/applications/${id}/members/transfer`, { account: coOwner.id }),
    ],
  );
  const members = await query('application_members').where({ application_id: id });
  t.deepEqual(
    members.map(({ account_id }) => account_id),
    [owner.id],
  );
  t.is((await findApplication(gatehouse.db, id))?.ownerId, owner.id);
  t.deepEqual(statuses, [303, 404]);
});

test('an invitation is accepted while its application is deleted, and neither fails', async (t) => {
  const { owner, coOwner, id, query } = await createTeam();
  const token = await insertApplicationInvitation(gatehouse.db, {
    ...{ applicationId: id, email: coOwner.account.email, invitedBy: owner.id },
  });
  const statuses = await inTurn(
    (holder) =>
      holder('application_invitations').where({ application_id: id }).forUpdate().select('id'),
    [
      () => coOwner.post('/applications/invitations', { token }),
      () => owner.post(`/applications/${id}/close/delete`, { name: 'Fabrikam Shipping' }),
    ],
  );
  t.deepEqual(statuses, [303, 303]);
  t.is((await query('application_invitations').where({ application_id: id })).length, 0);
  t.truthy((await findApplication(gatehouse.db, id))?.eraseAt);
});
