// What becomes of an application: said anew, disabled, deleted, taken back; and the addresses of its
// clients.
import { z } from 'zod';
import { expectRoom } from '../../applications/create-application.ts';
import { changeApplication, setDisabled } from '../../applications/lifecycle/change-application.ts';
import {
  deleteApplication,
  restoreApplication,
} from '../../applications/lifecycle/end-application.ts';
import { changeAddresses } from '../../applications/registration/change-addresses.ts';
import { AppError, invalidRequest, notFound } from '../../errors.ts';
import { findApplicationClients } from '../../storage/clients.ts';
import type { ApiDeps } from '../endpoint.ts';
import { type Call, type Endpoint, endpoint } from '../endpoint.ts';
import { addresses, texts } from './application-fields.ts';
import {
  application,
  expectOwner,
  loadApplication,
  lockOwnApplication,
  showApplication,
} from './application-shape.ts';

const nothing = z.strictObject({});
const PATH = '/me/applications/{id}';
const common = {
  scope: 'applications:write',
  query: nothing,
  status: 200,
  answer: application,
  refusals: [404, 409],
} as const satisfies Partial<Endpoint>;

export const APPLICATION_CHANGES: Endpoint[] = [
  endpoint({
    ...{ ...common, refusals: [404, 409] },
    method: 'PATCH',
    path: PATH,
    name: 'changeApplication',
    summary: 'Changes what is said of an application, or disables it. What is left out stays.',
    body: z.strictObject({
      name: texts.name.optional(),
      description: texts.description.optional(),
      homepage: texts.homepage.optional(),
      disabled: z.boolean().optional().describe('A disabled application gets no tokens.'),
    }),
    async work(deps, call) {
      const found = await lockOwnApplication(deps, call);
      const { name, description, homepage, disabled } = call.body;
      const about = {
        name: name ?? found.name,
        description: description ?? found.description,
        homepage: homepage === undefined ? found.homepage : (homepage ?? undefined),
      };
      if ([name, description, homepage].some((value) => value !== undefined))
        await changeApplication(deps, call.actor, { id: found.id, about });
      if (disabled !== undefined)
        await setDisabled(deps.db, call.actor, { id: found.id, disabled });
      return show(deps, call);
    },
  }),
  endpoint({
    ...{ ...common, refusals: [404, 409] },
    method: 'PATCH',
    path: `${PATH}/clients/{environment}`,
    name: 'changeClient',
    summary:
      'Changes the addresses of a client. A list replaces the one before; left out, it stays.',
    body: z.strictObject({
      redirect_uris: addresses.redirect_uris.optional(),
      post_logout_redirect_uris: addresses.post_logout_redirect_uris.optional(),
      allowed_cors_origins: addresses.allowed_cors_origins.optional(),
    }),
    async work(deps, call) {
      const found = await lockOwnApplication(deps, call);
      const environment = z.enum(['sandbox', 'production']).safeParse(call.params['environment']);
      const clients = await findApplicationClients(deps.db, found.id);
      const client = environment.data && clients[environment.data];
      if (!client) throw notFound();
      if (found.kind === 'machine') throw invalidRequest('A machine has no addresses.');
      const { body } = call;
      await changeAddresses(deps, call.actor, client, {
        redirectUris: body.redirect_uris ?? client.redirectUris.map(({ uri }) => uri),
        postLogoutRedirectUris: body.post_logout_redirect_uris ?? client.postLogoutRedirectUris,
        allowedCorsOrigins: body.allowed_cors_origins ?? client.allowedCorsOrigins,
      });
      return show(deps, call);
    },
  }),
  endpoint({
    ...{ ...common, refusals: [404] },
    method: 'DELETE',
    path: PATH,
    name: 'deleteApplication',
    summary: 'Deletes an application: no more tokens from now on. It can be restored for 30 days.',
    body: nothing,
    async work(deps, call) {
      const found = await loadApplication(deps, call);
      expectOwner(found, call);
      await deleteApplication(deps.db, call.actor, found);
      return show(deps, call);
    },
  }),
  endpoint({
    ...{ ...common, refusals: [404, 409] },
    method: 'POST',
    path: `${PATH}/restore`,
    name: 'restoreApplication',
    summary: 'Takes a deletion back.',
    body: nothing,
    async work(deps, call) {
      const found = await loadApplication(deps, call);
      expectOwner(found, call);
      await expectRoom(deps, call.account.id);
      if (!(await restoreApplication(deps.db, call.actor, found)))
        throw new AppError(409, 'conflict', 'This application is not deleted.');
      return show(deps, call);
    },
  }),
];

async function show(deps: ApiDeps, call: Pick<Call<unknown, unknown>, 'account' | 'params'>) {
  const found = await loadApplication(deps, call);
  return { body: await showApplication(deps, call.account.id, found) };
}
