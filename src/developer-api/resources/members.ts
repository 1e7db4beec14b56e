// /me/applications/{id}/members: who looks after an application. Joining is by invitation, on its page.
import { z } from 'zod';
import { removeMember } from '../../applications/members/team.ts';
import { listMembers } from '../../storage/application-members.ts';
import { type Endpoint, endpoint } from '../endpoint.ts';
import { expectOwner, loadApplication } from './application-shape.ts';

const member = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    owner: z.boolean(),
    joined_at: z.iso.datetime(),
  })
  .meta({ id: 'Member' });

const nothing = z.strictObject({});
const PATH = '/me/applications/{id}/members';

export const MEMBERS: Endpoint[] = [
  endpoint({
    method: 'GET',
    path: PATH,
    name: 'listMembers',
    summary: 'The members of an application, the one who joined first in front.',
    scope: 'applications:read',
    query: nothing,
    body: nothing,
    status: 200,
    answer: z.strictObject({ data: z.array(member) }),
    refusals: [404],
    async work(deps, call) {
      const { id } = await loadApplication(deps, call);
      const found = await listMembers(deps.db, id);
      const data = found.map(({ accountId, name, email, isOwner, joinedAt }) => ({
        ...{ id: accountId, name, email, owner: isOwner },
        joined_at: joinedAt.toISOString(),
      }));
      return { body: { data } };
    },
  }),
  endpoint({
    method: 'DELETE',
    path: `${PATH}/{member_id}`,
    name: 'removeMember',
    summary: 'Takes a co-owner off the application, or leaves it. Only the owner removes others.',
    scope: 'applications:write',
    query: nothing,
    body: nothing,
    status: 204,
    refusals: [404],
    async work(deps, call) {
      const application = await loadApplication(deps, call);
      const accountId = call.params['member_id'] ?? '';
      if (accountId !== call.account.id) expectOwner(application, call);
      await removeMember(deps.db, call.actor, { application, accountId });
      return {};
    },
  }),
];
