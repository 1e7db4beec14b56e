// /applications: what a developer registered or looks after with others.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { whenSignedIn } from '../../accounts/self-care/self-care.ts';
import {
  countMemberApplications,
  listMemberApplications,
} from '../../storage/application-lists.ts';
import { logoUrl } from '../logos/logo-url.ts';
import { developerPage, doneNotice } from './developer-page.ts';
import { stateOf } from './own-application.ts';
import type { ApplicationPagesDeps } from './page-deps.ts';

const PAGE_SIZE = 20;
/** With fewer, everything is in sight. */
const SEARCHED_FROM = 10;

/** Adds the route. */
export function addListRoute(router: Router, deps: ApplicationPagesDeps): void {
  router.get(
    '/applications',
    whenSignedIn(deps, async (ctx, person) => {
      const { id } = person.account;
      const search = readText(ctx, 'search').trim().slice(0, 100);
      const after = readText(ctx, 'after');
      const found = await listMemberApplications(deps.db, id, {
        ...{ search, limit: PAGE_SIZE + 1 },
        after: /^app_[0-9a-f]{1,60}$/.test(after) ? after : undefined,
      });
      const shown = found.slice(0, PAGE_SIZE);
      const many = search !== '' || (await countMemberApplications(deps.db, id)) > SEARCHED_FROM;
      const last = shown.at(-1);
      deps.render(ctx, 'application/list', {
        ...developerPage(ctx, deps, person),
        notice: doneNotice(ctx, 'application', ['left']),
        applications: shown.map((application) => ({
          id: application.id,
          name: application.name,
          kind: application.kind,
          state: stateOf(application),
          logoUrl: logoUrl(application.logoDigest),
          environments: application.environments,
          isOwner: application.ownerId === id,
        })),
        search: many ? search : undefined,
        next: found.length > PAGE_SIZE && last ? nextPage(last.id, search) : undefined,
        most: deps.maxApplications,
      });
    }),
  );
}

function nextPage(after: string, search: string): string {
  return `/applications?${new URLSearchParams({ after, ...(search ? { search } : {}) })}`;
}

function readText(ctx: Context, name: string): string {
  const value = ctx.query[name];
  return typeof value === 'string' ? value : '';
}
