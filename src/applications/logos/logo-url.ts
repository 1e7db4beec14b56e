// Where the logo of an application is served: under the digest of its bytes, so that a URL never shows another.

/** The path of the logo with this digest; undefined: there is none. */
export function logoUrl(digest: string | undefined): string | undefined {
  return digest === undefined ? undefined : `/applications/logos/${digest}`;
}
