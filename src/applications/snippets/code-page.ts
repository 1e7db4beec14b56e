// /applications/<id>/code: what to paste to get a token and call an API, with the application's own ids.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { translate } from '../../http/i18n.ts';
import type { CodeChoice, CodeViews } from '../../http/views/code.ts';
import { type Client, findApplicationClients } from '../../storage/clients.ts';
import {
  type OwnApplication,
  showApplicationPage,
  whenOwnApplication,
} from '../pages/own-application.ts';
import type { ApplicationPagesDeps } from '../pages/page-deps.ts';
import { type CallableApi, callableApis, missingLocalUri } from './snippet-facts.ts';
import { LANGUAGE_TITLES, languagesOf, type Snippet, snippetOf } from './snippets.ts';

type CodePage = CodeViews['application/code'];

const ENVIRONMENTS = ['sandbox', 'production'] as const;

/** What the query chooses, each with a default. */
interface Choice {
  environment: (typeof ENVIRONMENTS)[number];
  api: string;
  language: string;
}

/** Adds the route. */
export function addCodeRoute(router: Router, deps: ApplicationPagesDeps): void {
  router.get(
    '/applications/:id/code',
    whenOwnApplication(deps, (ctx, own) => show(ctx, deps, own)),
  );
}

async function show(ctx: Context, deps: ApplicationPagesDeps, own: OwnApplication): Promise<void> {
  const { application } = own;
  const clients = await findApplicationClients(deps.db, application.id);
  const environment = choose(ENVIRONMENTS, ctx.query['environment'], 'sandbox');
  const client = clients[environment];
  const callable = client ? callableApis(await deps.catalog.all(), client) : [];
  const api = callable.find((one) => one.api.id === ctx.query['api']) ?? callable[0];
  const languages = languagesOf(application.kind);
  const language = choose(languages, ctx.query['language'], languages[0] ?? 'curl');
  const chosen: Choice = { environment, language, api: api?.api.id ?? '' };
  const facts = client &&
    api && { ...{ issuer: deps.issuer, kind: application.kind, client }, callable: api };
  await showApplicationPage(ctx, deps, own, {
    view: 'application/code',
    section: 'code',
    data: {
      ...choices(ctx, own, chosen, callable),
      ...describe(own, { client, api, snippet: facts && snippetOf(facts, language) }),
    },
  });
}

function choices(
  ctx: Context,
  { application }: OwnApplication,
  chosen: Choice,
  callable: CallableApi[],
): Pick<CodePage, 'environments' | 'apis' | 'languages'> {
  const t = translate(ctx);
  const link = (name: string, change: Partial<Choice>): CodeChoice => {
    const { environment, api, language } = { ...chosen, ...change };
    const query = new URLSearchParams({ environment, language, ...(api ? { api } : {}) });
    return {
      name,
      href: `/applications/${application.id}/code?${query}`,
      isChosen: Object.entries(change).every(
        ([key, value]) => chosen[key as keyof Choice] === value,
      ),
    };
  };
  return {
    // The APIs of the other environment have other ids.
    environments: ENVIRONMENTS.map((environment) => ({
      ...link(t(`consent.${environment}`), { environment, api: '' }),
      isChosen: environment === chosen.environment,
    })),
    apis: callable.map(({ api }) => link(api.name, { api: api.id })),
    languages: languagesOf(application.kind).map((language) =>
      link(LANGUAGE_TITLES[language], { language }),
    ),
  };
}

function describe(
  { application: { kind } }: OwnApplication,
  found: { client: Client | undefined; api: CallableApi | undefined; snippet: Snippet | undefined },
): Pick<CodePage, 'snippet' | 'missing' | 'readsSecret' | 'guessesUrl' | 'localUri'> {
  const { client, api, snippet } = found;
  return {
    snippet,
    missing: client ? (api ? undefined : 'api') : 'client',
    readsSecret: kind === 'machine' || kind === 'web',
    guessesUrl: api !== undefined && api.api.exampleUrl === undefined,
    localUri: client && missingLocalUri({ kind, client }),
  };
}

/** The one that was asked for, else another. */
function choose<T extends string, F>(all: readonly T[], asked: unknown, otherwise: F): T | F {
  return all.find((one) => one === asked) ?? otherwise;
}
