// The pages of signing in, signing up and My account, put together.
import type Router from '@koa/router';
import { createCaptchaGuard } from '../accounts/captcha/guard.ts';
import { createCaptchaKinds } from '../accounts/captcha/kinds.ts';
import { createInvitationRoutes } from '../accounts/invitations/routes.ts';
import type { KnownDevices } from '../accounts/known-device.ts';
import type { Limits } from '../accounts/limits.ts';
import type { Passwords } from '../accounts/passwords/passwords.ts';
import type { PasswordPolicy } from '../accounts/passwords/policy.ts';
import { createSelfCareRoutes } from '../accounts/self-care/routes.ts';
import type { SelfCareDeps } from '../accounts/self-care/self-care.ts';
import type { Catalog } from '../catalog/apis.ts';
import type { ServerConfig } from '../config.ts';
import { sentenceOfRefusal } from '../federation/attempts/refuse-sign-in.ts';
import type { Connectors } from '../federation/connectors.ts';
import { forcedConnector } from '../federation/home-realm.ts';
import { createIdentityPages } from '../federation/identities/identities-pages.ts';
import { createFederationRoutes } from '../federation/routes.ts';
import type { CsrfProtection } from '../http/form.ts';
import { createLanguageRoute } from '../http/language-route.ts';
import type { Render } from '../http/render.ts';
import type { Views } from '../http/views.ts';
import type { Outbox } from '../mail/outbox.ts';
import type { BrowserBinding } from '../oidc/browser-binding.ts';
import type { ClientLookup } from '../oidc/client-lookup.ts';
import { createNotMeRoutes } from '../oidc/email-links/not-me-link.ts';
import { createResetLinkRoutes } from '../oidc/email-links/reset-link.ts';
import { createSignUpLinkRoutes } from '../oidc/email-links/sign-up-link.ts';
import { createHomeRoute } from '../oidc/home.ts';
import { createInteractionRoutes } from '../oidc/interactions.ts';
import type { LiveProvider } from '../oidc/live-provider.ts';
import type { OwnSessions } from '../oidc/own-session.ts';
import { renderEndedSignIn } from '../oidc/provider-pages.ts';
import type { Database } from '../storage/database.ts';
import type { Terms } from '../storage/terms.ts';

export interface SignInParts {
  config: ServerConfig;
  demo: Views['home']['demo'] | undefined;
  db: Database;
  provider: LiveProvider;
  render: Render;
  csrf: CsrfProtection;
  csrfKey: Buffer;
  browser: BrowserBinding;
  devices: KnownDevices;
  terms: () => Promise<Terms | undefined>;
  limits: Limits;
  outbox: Outbox;
  connectors: Connectors;
  clients: ClientLookup;
  catalog: Catalog;
  passwords: Passwords;
  passwordProblem: PasswordPolicy;
  sessions: OwnSessions;
  /** What the pages of a signed-in person are given. */
  selfCareDeps: SelfCareDeps;
  federation: FederationParts;
}

/** What signing in elsewhere is given, wherever it begins. */
type FederationParts = Omit<
  Parameters<typeof createInteractionRoutes>[0]['federation'],
  'provider' | 'render' | 'csrf' | 'clients' | 'config'
> &
  Omit<
    Parameters<typeof createFederationRoutes>[0],
    keyof OwnSessions | 'devices' | 'strays' | 'onStray'
  >;

/** Creates their routes. */
export function createSignInPages(parts: SignInParts): Router[] {
  const { config, db, provider, render, csrf, csrfKey, browser, devices, terms, limits } = parts;
  const { outbox, connectors, clients, catalog, passwords, passwordProblem, sessions } = parts;
  const { selfCareDeps, federation } = parts;
  const { issuer, secrets } = config;
  const isForcedElsewhere = async (email: string) =>
    (await forcedConnector(connectors, email)) !== undefined;
  const steps = { provider: provider.current, render, csrf, browser, clients, db, connectors };
  const captcha = createCaptchaGuard(
    createCaptchaKinds({ db, key: csrfKey, issuer, config: config.captcha }),
  );
  const signUp = {
    ...{ ...steps, config: config.signUp, terms, captcha, passwordProblem, isForcedElsewhere },
  };
  const signIn = { db, passwords, limit: limits.signIn };
  const recovery = { ...steps, isForcedElsewhere, captcha, encryptionKeys: secrets.encryptionKeys };
  const links = { ...steps, devices, ownSessions: sessions, outbox, issuer, passwords };
  const interactions = createInteractionRoutes({
    ...steps,
    catalog,
    terms,
    signUp: {
      ...signUp,
      hashPassword: passwords.hash,
      limit: limits.signUp,
      resendLimit: limits.resend,
    },
    recovery: {
      ...recovery,
      enabled: config.mail !== undefined,
      passwords: config.signUp.passwords,
      limit: limits.reset,
    },
    ...{ devices, captcha, config: config.signUp, canReset: config.mail !== undefined },
    signIn,
    federation: { ...steps, ...federation, config: config.signUp },
    identity: {
      ...{ ...steps, ...federation, devices, signIn },
      limit: limits.signUp,
      codeLimit: limits.resend,
    },
  });
  const emailLinks = [
    createSignUpLinkRoutes({
      ...links,
      ...{ config: config.signUp, isForcedElsewhere },
      limit: limits.confirm,
    }),
    createResetLinkRoutes({
      ...{ ...links, passwordsInUse: config.signUp.passwords, passwordProblem, isForcedElsewhere },
    }),
    createNotMeRoutes({ ...links, passwordsInUse: config.signUp.passwords }),
  ];
  const home = createHomeRoute({
    issuer,
    render,
    db,
    provider: provider.current,
    demo: parts.demo,
  });
  const selfCare = createSelfCareRoutes(selfCareDeps);
  const identityPages = createIdentityPages({ ...selfCareDeps, ...federation });
  const federationRoutes = createFederationRoutes({
    ...{ ...federation, ...sessions, devices },
    strays: limits.strayCallback,
    onStray: (ctx) => renderEndedSignIn(ctx, render),
  });

  const invitations = createInvitationRoutes({
    ...{ db, render, csrf, outbox, passwords, passwordProblem, signUp: config.signUp },
    attempts: limits.invitation,
    isForcedElsewhere,
    connectorsFor: async (email) => {
      const forced = await forcedConnector(connectors, email);
      return forced ? [forced] : (await connectors.all()).filter(({ enabled }) => enabled);
    },
    refusedSentence: (ctx) => sentenceOfRefusal(ctx, connectors),
    ...{ devices, signInHere: sessions.signInHere },
  });

  return [
    ...[home, interactions, ...emailLinks, createLanguageRoute({ issuer }), selfCare],
    ...[invitations, identityPages, federationRoutes],
  ];
}
