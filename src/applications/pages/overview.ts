// /applications/<id>: what there is of an application, at a glance.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { momentOf } from '../../http/moments.ts';
import type { ApplicationViews } from '../../http/views/application.ts';
import { listMembers } from '../../storage/application-members.ts';
import { type Client, findApplicationClients } from '../../storage/clients.ts';
import type { Database } from '../../storage/database.ts';
import { findProduct } from '../../storage/products.ts';
import { listSubscriptions } from '../../storage/subscriptions.ts';
import { doneNotice } from './developer-page.ts';
import { type OwnApplication, showApplicationPage, whenOwnApplication } from './own-application.ts';
import type { ApplicationPagesDeps } from './page-deps.ts';

type OverviewPage = ApplicationViews['application/overview'];

const SHOWN_SUBSCRIPTIONS = 20;
const CURRENT = new Set(['submitted', 'active', 'suspended']);

/** Adds the route. */
export function addOverviewRoute(router: Router, deps: ApplicationPagesDeps): void {
  router.get(
    '/applications/:id',
    whenOwnApplication(deps, (ctx, own) => show(ctx, deps, own)),
  );
}

async function show(ctx: Context, deps: ApplicationPagesDeps, own: OwnApplication): Promise<void> {
  const { application } = own;
  const { sandbox, production } = await findApplicationClients(deps.db, application.id);
  const members = await listMembers(deps.db, application.id);
  const owner = members.find(({ isOwner }) => isOwner);
  await showApplicationPage(ctx, deps, own, {
    view: 'application/overview',
    section: 'overview',
    notice: doneNotice(ctx, 'application', ['joined', 'restored']),
    data: {
      description: application.description,
      homepage: application.homepage,
      suspendedReason: application.suspendedReason,
      clients: [production, sandbox].flatMap((client) => (client ? describeClient(client) : [])),
      subscriptions: await currentSubscriptions(deps.db, application.id),
      owner: owner?.name || owner?.email || '',
      members: members.length,
      created: momentOf(ctx, application.createdAt, { dateOnly: true }),
    },
  });
}

function describeClient(client: Client): OverviewPage['clients'][number] {
  return {
    environment: client.environment ?? 'sandbox',
    clientId: client.id,
    authMethod: isWithoutCredential(client) ? 'missing' : client.authMethod,
    redirectUris: client.redirectUris.map(({ uri }) => uri),
    scopes: [...client.entitlements.values()].flatMap((scopes) => [...scopes]).toSorted(),
  };
}

// A production client begins without a secret: its owner adds it, and sees it once.
function isWithoutCredential({ authMethod, secretHashes, keys, jwksUri }: Client): boolean {
  return authMethod !== 'none' && secretHashes.length + keys.length === 0 && !jwksUri;
}

async function currentSubscriptions(
  db: Database,
  applicationId: string,
): Promise<OverviewPage['subscriptions']> {
  const found = await listSubscriptions(db, { applicationId, limit: SHOWN_SUBSCRIPTIONS });
  const current = found.filter(({ state }) => CURRENT.has(state));
  return Promise.all(
    current.map(async ({ productId, environment, state }) => ({
      product: (await findProduct(db, productId))?.name ?? '',
      environment,
      state,
    })),
  );
}
