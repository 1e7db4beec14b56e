// The composition root: builds every part with plain calls, and lists the middlewares once.
import { fileURLToPath } from 'node:url';
import Router from '@koa/router';
import Koa from 'koa';
import { findUsableAccount } from './accounts/account.ts';
import { createKnownDevices } from './accounts/known-device.ts';
import { createLimits } from './accounts/limits.ts';
import { createBreachLookup } from './accounts/passwords/breach-range.ts';
import { createPasswords } from './accounts/passwords/passwords.ts';
import { createPasswordPolicy } from './accounts/passwords/policy.ts';
import { createTermsInForce } from './accounts/terms.ts';
import { createDeveloperPages } from './app/developer-pages.ts';
import { createSignInPages } from './app/sign-in-pages.ts';
import { gatherCredentialUses } from './applications/credentials/last-used.ts';
import { createRegistrationRoutes } from './applications/dynamic-registration/routes.ts';
import { createMetering } from './applications/metering.ts';
import { createCatalog } from './catalog/apis.ts';
import type { ServerConfig } from './config.ts';
import { settleOwnApi } from './developer-api/built-in.ts';
import { createDeveloperApiRoutes } from './developer-api/routes.ts';
import { createConnectors } from './federation/connectors.ts';
import { beginUpstreamSignOut, describeUpstream } from './federation/sessions/upstream-sign-out.ts';
import type { Upstreams } from './federation/upstreams/upstreams.ts';
import { serveAssets } from './http/assets.ts';
import { correlate, requestLog } from './http/correlation.ts';
import { errorBoundary } from './http/error-boundary.ts';
import { createCsrfProtection } from './http/form.ts';
import { health } from './http/health.ts';
import { guardHost } from './http/host-guard.ts';
import { createOutgoingFetch } from './http/outgoing/outgoing-fetch.ts';
import { createAttempts } from './http/rate-limit.ts';
import { createRender } from './http/render.ts';
import { securityHeaders } from './http/security-headers.ts';
import { unitOfWork } from './http/unit-of-work.ts';
import type { Views } from './http/views.ts';
import { createMailboxRoutes } from './mail/mailbox.ts';
import { createOutbox } from './mail/outbox.ts';
import type { Logger } from './observability/logger.ts';
import type { Metrics } from './observability/metrics.ts';
import { createAdapter } from './oidc/adapter.ts';
import { createBrowserBinding } from './oidc/browser-binding.ts';
import { createFindAccount } from './oidc/claims.ts';
import { createClientLookup } from './oidc/client-lookup.ts';
import { createGrantLoader } from './oidc/grants.ts';
import { createLiveProvider } from './oidc/live-provider.ts';
import { createMetadataValidator } from './oidc/metadata-validator.ts';
import { createOwnApiTokens } from './oidc/own-api-tokens.ts';
import { createOwnClient } from './oidc/own-client.ts';
import { createOwnSessions } from './oidc/own-session.ts';
import { protocolHost } from './oidc/protocol-host.ts';
import { createProviderPages } from './oidc/provider-pages.ts';
import { followChanges } from './storage/changes.ts';
import { type Database, isUnavailable, isUnstorable, isWritable } from './storage/database.ts';
import { adoptUpstreamSession } from './storage/upstream-sessions.ts';

const VIEWS = fileURLToPath(new URL('../views', import.meta.url));

export interface App {
  koa: Koa;
  /** From now on /readyz says no. */
  drain(): void;
  close(): Promise<void>;
}

export interface AppDeps {
  config: ServerConfig;
  db: Database;
  logger: Logger;
  metrics?: Metrics | undefined;
  /** Further hosts at which this node answers (demo nodes on loopback only). */
  hostAliases: string[];
  /** How the upstreams of connectors are reached. */
  upstreams: Upstreams;
  /** What the start page of a demo shows. */
  demo: Views['home']['demo'] | undefined;
}

/** Builds the server. The database must be migrated. Throws when it cannot be reached. */
export async function createApp(deps: AppDeps): Promise<App> {
  const { config, db, logger } = deps;
  const { issuer, secrets, productName } = config;
  const [csrfKey] = secrets.hashKeys;
  if (!csrfKey) throw new Error('no hash key is configured');
  const csrf = createCsrfProtection(csrfKey);
  const onError = (error: unknown) => logger.warn({ error }, 'news from other nodes interrupted');
  const changes = await followChanges({ db, url: config.databaseDirectUrl, onError });
  await settleOwnApi(db, { issuer, productName: config.productName });
  const catalog = createCatalog({ db, changes });
  const ownClient = createOwnClient({ issuer, name: productName });
  const uses = gatherCredentialUses({
    db,
    onError: (error) => logger.warn({ error }, 'the uses of credentials wait to be written'),
  });
  const clients = createClientLookup({ db, changes, hashKeys: secrets.hashKeys, ownClient, uses });
  const render = createRender({
    viewsDirectory: VIEWS,
    productName,
    demo: config.mode === 'demo',
    minPasswordLength: config.passwords.minLength,
  });
  const secure = issuer.startsWith('https:');
  // A server that is itself on http runs on loopback, and so does what its clients name.
  const outgoingFetch = createOutgoingFetch({ privateNetwork: !secure, insecure: !secure });
  const browser = createBrowserBinding({ key: csrfKey, secure });
  const devices = createKnownDevices({ keys: secrets.hashKeys, secure });
  const terms = createTermsInForce({ db, changes });
  const limits = createLimits(createAttempts({ db, enabled: config.rateLimits }));
  const outbox = createOutbox({ db, encryptionKeys: secrets.encryptionKeys });
  const connectors = createConnectors({
    ...{ db, changes },
    onError: (error) => logger.error({ error }, 'the settings of a connector cannot be used'),
  });
  const federation = {
    ...{ db, issuer, outbox, browser, connectors, upstreams: deps.upstreams },
    encryptionKeys: secrets.encryptionKeys,
    signUp: config.signUp,
    passwordsInUse: config.signUp.passwords,
  };
  const metering = createMetering({
    ...{ db, rateLimits: config.rateLimits, tokenLimits: config.tokenLimits },
    onError: (error) => logger.warn({ error }, 'what was counted is written later'),
  });
  const pageDeps = {
    render,
    db,
    describeUpstream: (uid: string) => describeUpstream(federation, uid),
  };
  const provider = await createLiveProvider({
    metering,
    issuer,
    cookieKeys: secrets.cookieKeys,
    encryptionKeys: secrets.encryptionKeys,
    keyTimes: config.keyTimes,
    browser,
    db,
    changes,
    catalog,
    clients,
    adapter: createAdapter(db),
    findAccount: createFindAccount(db),
    fetch: outgoingFetch,
    terms,
    loadExistingGrant: createGrantLoader({ db, clients }),
    pages: createProviderPages({ ...pageDeps, clients }),
  });
  const passwords = await createPasswords({ peppers: secrets.passwordPeppers });
  const { minLength, breachUrl } = config.passwords;
  const passwordProblem = createPasswordPolicy({
    productName,
    minLength,
    isBreached: breachUrl
      ? createBreachLookup({
          url: breachUrl,
          onError: (error) => logger.warn({ error }, 'the look-up of stolen passwords failed'),
        })
      : undefined,
  });
  const sessions = createOwnSessions({ issuer, provider: provider.current });
  const selfCareDeps = {
    ...{ issuer, db, render, csrf, passwords, passwordProblem, ...sessions },
    clientId: ownClient.id,
    erasureDays: config.erasureDays,
    proofs: limits.proof,
    outbox,
  };
  const signInPages = createSignInPages({
    ...{ config, db, provider, render, csrf, csrfKey, browser, devices, terms, limits, outbox },
    ...{ connectors, clients, catalog, passwords, passwordProblem, sessions, selfCareDeps },
    ...{ federation, demo: deps.demo },
  });
  const developerPages = await createDeveloperPages({
    ...{ config, limits, catalog, selfCareDeps, metering, fetchKeys: outgoingFetch },
  });

  const introspection = {
    issuer,
    catalog,
    clients,
    jwks: provider.jwks,
    findAccount: (id: string) => findUsableAccount(db, id),
  };

  const { encryptionKeys, hashKeys } = secrets;
  const developerApi = createDeveloperApiRoutes({
    ...{ db, issuer, catalog, encryptionKeys, hashKeys, productName },
    maxApplications: config.maxApplications,
    validate: await createMetadataValidator(),
    verify: createOwnApiTokens(introspection),
    changes: limits.developerApi,
  });
  const registration = createRegistrationRoutes({
    ...{ db, issuer, hashKeys, productName, maxApplications: config.maxApplications },
    validate: await createMetadataValidator(),
    verify: createOwnApiTokens(introspection),
    limit: limits.registration,
  });
  const mailbox = createMailboxRoutes({ db, render, encryptionKeys, productName });

  let draining = false;
  const isReady = async () => {
    if (draining) return false;
    return isWritable(db).catch(() => false);
  };

  const koa = new Koa({ proxy: true, keys: secrets.cookieKeys });
  koa.use(correlate({ logger, observe: deps.metrics?.request })); // first: whatever happens next carries its id
  koa.use(securityHeaders({ issuer })); // before the provider, which adds to the policy it finds
  koa.use(errorBoundary({ render, isUnavailable, isUnstorable })); // around everything that may throw
  koa.use(health({ isReady })); // before the host check: probes come by IP address
  koa.use(guardHost({ issuer, trustedProxies: config.trustedProxies, aliases: deps.hostAliases }));
  koa.use(serveAssets({ directory: `${VIEWS}/assets` })); // before anything that may need the database
  const sessionCookie = () => provider.current().cookieName('session');
  koa.use(unitOfWork({ db, sessionCookie })); // around all that writes
  koa.use(
    routes(
      [
        ...signInPages,
        ...developerPages,
        developerApi,
        registration,
        ...(config.mail?.kind === 'mailbox' ? [mailbox] : []),
      ],
      protocolHost({
        handle: provider.handle,
        isCurrent: changes.live,
        cacheSeconds: config.keyTimes.jwksCacheSeconds,
        introspection,
        rotation: { db, hashKeys: secrets.hashKeys, encryptionKeys },
        refusals: { issuer, clients, metering },
        render,
        browser,
        signOutUpstream: (ctx, session) => beginUpstreamSignOut(ctx, federation, session),
        adoptSession: (name, uid) => adoptUpstreamSession(db, name, uid),
        resumeCookie: () => provider.current().cookieName('resume'),
      }),
    ),
  );
  koa.on('error', (error, ctx) => {
    // A client that went away is its own affair.
    if (ctx) requestLog(ctx).debug({ error }, 'the answer could not be sent');
    else logger.error({ error }, 'unexpected');
  });

  return {
    koa,
    drain: () => {
      draining = true;
    },
    close: async () => {
      provider.close();
      await uses.close();
      await metering.close();
      await changes.close();
    },
  };
}

// Our own pages first; what they do not know is the provider's, and what it does not know is a 404.
function routes(pages: Router[], protocol: Koa.Middleware): Koa.Middleware {
  const all = new Router();
  for (const page of pages) all.use(page.routes());
  const own = all.routes();
  return (ctx, next) => own(ctx as Parameters<typeof own>[0], () => protocol(ctx, next));
}
