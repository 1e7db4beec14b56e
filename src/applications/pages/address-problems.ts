// Addresses as people type them, one a line, and what is wrong with each in the language of the page.
import type { Translate } from '../../http/i18n.ts';
import type { AddressFields, ApplicationKind } from '../../http/views/application.ts';
import type { Environment } from '../../storage/clients.ts';
import type { Addresses } from '../registration/change-addresses.ts';
import { findUriProblem } from '../registration/client-uris.ts';

/** The fields of a form with addresses. */
export interface TypedAddresses {
  redirect_uris: string;
  post_logout_uris: string;
  cors_origins: string;
}

export type AddressPurpose = 'redirect' | 'post-logout' | 'origin';
const PURPOSES = {
  redirect_uris: 'redirect',
  post_logout_uris: 'post-logout',
  cors_origins: 'origin',
} as const;
const SHOWN = 200;

/** What a form shows: what was typed, and the sentences beside the fields. */
export function addressFields(
  typed: TypedAddresses,
  errors: AddressFields['errors'],
): AddressFields {
  return {
    redirectUris: typed.redirect_uris,
    postLogoutUris: typed.post_logout_uris,
    corsOrigins: typed.cors_origins,
    errors,
  };
}

/** The addresses that were typed; those that an application of this kind does not have are left out. */
export function toAddresses(kind: ApplicationKind, typed: TypedAddresses): Addresses {
  if (kind === 'machine')
    return { redirectUris: [], postLogoutRedirectUris: [], allowedCorsOrigins: [] };
  const redirectUris = readLines(typed.redirect_uris);
  return {
    redirectUris,
    postLogoutRedirectUris: readLines(typed.post_logout_uris),
    allowedCorsOrigins: kind === 'spa' ? originsOf(redirectUris, typed.cors_origins) : [],
  };
}

// Code in a browser calls from where its pages are, unless somebody knows better.
function originsOf(redirectUris: string[], typed: string): string[] {
  const origins = readLines(typed);
  if (origins.length > 0) return origins;
  return [...new Set(redirectUris.flatMap((uri) => URL.parse(uri)?.origin ?? []))];
}

/** The sentences about addresses that cannot be used, by field; empty when all can. */
export function addressProblems(
  t: Translate,
  owner: { kind: ApplicationKind; environment: Environment },
  typed: TypedAddresses,
): Record<string, string[]> {
  if (owner.kind === 'machine') return {};
  const entries = Object.entries(PURPOSES).map(([field, purpose]): [string, string[]] => [
    field,
    lineProblems(t, { ...owner, purpose }, typed[field as keyof TypedAddresses]), // its only keys
  ]);
  if (readLines(typed.redirect_uris).length === 0)
    entries.unshift(['redirect_uris', [t('application.uri-missing')]]);
  const found = new Map(entries.filter(([, problems]) => problems.length > 0));
  return Object.fromEntries(found);
}

/** The sentences about the lines of one field. */
export function lineProblems(
  t: Translate,
  about: { kind: ApplicationKind; environment: Environment; purpose: AddressPurpose },
  text: string,
): string[] {
  return readLines(text).flatMap((uri) => {
    const problem = findUriProblem(about, about.purpose, uri);
    if (!problem) return [];
    const { name, expected = '' } = problem;
    return t(`application.uri-${name}`, { uri: uri.slice(0, SHOWN), expected });
  });
}

function readLines(text: string): string[] {
  return [...new Set(text.split('\n').flatMap((line) => line.trim() || []))];
}
