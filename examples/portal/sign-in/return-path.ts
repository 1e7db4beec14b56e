// Where a visitor goes after signing in: a page of this portal and nothing else.

const SIGN_IN_PATHS = /^\/(?:signin|signup|signout|callback)(?:[/?-]|$)/;

/**
 * The path and query of a requested return address, or `/` when it is absent, absolute, or a step
 * of signing in. The result is meant to follow the portal's origin in an absolute redirect.
 */
export function readReturnPath(value: unknown, origin: string): string {
  if (typeof value !== 'string' || !/^\/(?![/\\])[\x21-\x7e]*$/.test(value)) return '/';
  if (!URL.canParse(value, origin)) return '/';
  const url = new URL(value, origin);
  const path = `${url.pathname}${url.search}${url.hash}`;
  // "/.//host" is one slash when it comes in and two when it is resolved.
  if (url.origin !== origin || path.startsWith('//')) return '/';
  return SIGN_IN_PATHS.test(path) ? '/' : path;
}
