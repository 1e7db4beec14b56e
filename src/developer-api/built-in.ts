// Our own API and the client of the command line, in the words of this release.
import { OWN_API_ID, OWN_SCOPES, type OwnScope, ownResource } from '../catalog/own-api.ts';
import { UsageError } from '../errors.ts';
import { LANGUAGE_NAMES, type Language, translatorOf } from '../http/i18n.ts';
import { settleBuiltIn } from '../storage/built-in.ts';
import type { Database } from '../storage/database.ts';

/** `gatehouse login` signs people in with it: public, on a loopback port that it chooses itself. */
const CLI_CLIENT_ID = 'c_gatehouse-cli';

/**
 * Makes both what they should be, as every start of a server does.
 * Throws a UsageError when an API of the operator has our resource.
 */
export async function settleOwnApi(
  db: Database,
  { issuer, productName }: { issuer: string; productName: string },
): Promise<void> {
  const resource = ownResource(issuer);
  const api = {
    id: OWN_API_ID,
    name: `${productName} API`,
    resource,
    scopes: OWN_SCOPES.map(describe),
  };
  const client = {
    id: CLI_CLIENT_ID,
    name: translatorOf('en')('developer-api.command-line', { product: productName }),
    redirectUris: [{ uri: 'http://127.0.0.1/callback', type: 'native' as const }],
  };
  await settleBuiltIn(db, { api, client }).catch((cause) => {
    if (cause.code !== '23505') throw cause;
    throw new UsageError(
      `Another API has the resource or audience ${resource}, which is that of Gatehouse's own API: give it another one.`,
      { cause },
    );
  });
}

function describe(scope: OwnScope) {
  const others = (Object.keys(LANGUAGE_NAMES) as Language[]).filter((one) => one !== 'en');
  const textIn = (language: Language) =>
    translatorOf(language)(`developer-api.scope-${scope.replace(':', '-')}`);
  return {
    name: scope,
    description: textIn('en'),
    texts: Object.fromEntries(others.map((language) => [language, textIn(language)])),
  };
}
