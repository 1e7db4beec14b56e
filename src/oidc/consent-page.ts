// What the consent page says: who asks, where the person is sent, and each scope in words.
import { logoUrl } from '../applications/logos/logo-url.ts';
import type { Api } from '../catalog/apis.ts';
import { scopeText } from '../catalog/scope-text.ts';
import type { Language, Translate } from '../http/i18n.ts';
import type { Views } from '../http/views.ts';
import { findLogoDigest } from '../storage/application-logos.ts';
import { findApplication } from '../storage/applications.ts';
import type { Client } from '../storage/clients.ts';
import { IDENTITY } from '../storage/consents.ts';
import type { Database } from '../storage/database.ts';
import { requestedScopes } from './grants.ts';

const NAMED = new Set(['openid', 'profile', 'email', 'roles', 'groups']);

type ConsentPage = Pick<Views['consent'], 'client' | 'identity' | 'apis' | 'offlineAccess'>;

/** What a developer says of an application; until an administrator verified it, the page says so. */
export type ShownApplication = Pick<ConsentPage['client'], 'unverified' | 'logoUrl' | 'uri'>;

/** Loads it for the client of an application; an operator's client has nothing of it. */
export async function findShownApplication(
  db: Database,
  client: Client,
): Promise<ShownApplication> {
  const application = client.application && (await findApplication(db, client.application.id));
  if (!application) return {};
  const logo = logoUrl(await findLogoDigest(db, application.id));
  const isVerified = application.verifiedAt !== undefined;
  return {
    unverified: !isVerified,
    ...(logo ? { logoUrl: logo } : {}),
    // Nobody is led to a page that a stranger chose.
    ...(isVerified && application.homepage ? { uri: application.homepage } : {}),
  };
}

/** Describes an authorization request for the consent page. */
export function describeConsent(request: {
  client: Client;
  shown: ShownApplication;
  apis: Api[];
  params: Record<string, unknown>;
  t: Translate;
  language: Language;
}): ConsentPage {
  const { client, params, t, language } = request;
  const scopes = requestedScopes(params);
  const identity = [...(scopes.get(IDENTITY) ?? [])];
  return {
    client: {
      ...request.shown,
      name: client.name,
      redirectHost: redirectHost(String(params['redirect_uri'])),
      kind: client.kind === 'machine' || client.kind === 'resource-server' ? 'web' : client.kind,
    },
    identity: identity.flatMap((name) => (NAMED.has(name) ? [t(`consent.scope-${name}`)] : [])),
    apis: request.apis.flatMap((api) => {
      const names = scopes.get(api.resource);
      return names?.size ? [describeApi(api, names, language)] : [];
    }),
    offlineAccess: identity.includes('offline_access'),
  };
}

function describeApi(
  api: Api,
  names: Set<string>,
  language: Language,
): ConsentPage['apis'][number] {
  return {
    name: api.name,
    environment: api.environment,
    scopes: api.scopes
      .filter(({ name }) => names.has(name))
      .map((scope) => ({ name: scope.name, description: scopeText(scope, language) })),
  };
}

// A private-use scheme has no host: its scheme names the application on the device.
function redirectHost(uri: string): string {
  const url = URL.parse(uri);
  return url?.host || url?.protocol.slice(0, -1) || '';
}
