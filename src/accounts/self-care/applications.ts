// /account/applications: what the person allowed, and taking it back.
import type Router from '@koa/router';
import { z } from 'zod';
import { translate } from '../../http/i18n.ts';
import { momentOf } from '../../http/moments.ts';
import { listAllowedClients, revokeAllowedClient } from '../../storage/allowed-clients.ts';
import {
  goOn,
  readOwnForm,
  recordOwn,
  type SelfCareDeps,
  showPage,
  whenSignedIn,
} from './self-care.ts';

const PATH = '/account/applications';
const form = z.object({ client: z.string().max(200) });
const NAMED_SCOPES = new Set(['openid', 'profile', 'email', 'roles', 'groups']);

/** Adds the routes. */
export function addApplicationRoutes(router: Router, deps: SelfCareDeps): void {
  router.get(
    PATH,
    whenSignedIn(deps, async (ctx, person) => {
      const t = translate(ctx);
      const clients = await listAllowedClients(deps.db, person.account.id);
      showPage(ctx, deps, person, 'account/applications', {
        applications: clients.map(({ id, name, since, identityScopes, apiScopes }) => ({
          id,
          name,
          since: momentOf(ctx, since, { dateOnly: true }),
          scopes: [
            ...identityScopes
              .filter((scope) => NAMED_SCOPES.has(scope))
              .map((scope) => t(`consent.scope-${scope}`)),
            ...apiScopes,
            ...(identityScopes.includes('offline_access') ? [t('consent.offline')] : []),
          ],
        })),
      });
    }),
  );

  router.post(
    PATH,
    whenSignedIn(deps, async (ctx, person) => {
      const { client } = await readOwnForm(ctx, deps, person, form);
      if (await revokeAllowedClient(deps.db, person.account.id, client))
        await recordOwn(ctx, deps, person, { type: 'consent.revoked', clientId: client });
      goOn(ctx, PATH, 'revoked');
    }),
  );
}
