// GET /applications/logos/<digest>: pictures that strangers chose, which must never be more than that.
import type Router from '@koa/router';
import { notFound } from '../../errors.ts';
import { findLogo } from '../../storage/application-logos.ts';
import type { Database } from '../../storage/database.ts';

/** Adds the route. Consent pages show logos, so nobody needs to be signed in. */
export function addLogoRoute(router: Router, deps: { db: Database }): void {
  router.get('/applications/logos/:digest', async (ctx) => {
    const digest = ctx.params['digest'] ?? '';
    const logo = /^[0-9a-f]{64}$/.test(digest) ? await findLogo(deps.db, digest) : undefined;
    if (!logo) throw notFound();
    ctx.type = logo.mediaType;
    ctx.set('X-Content-Type-Options', 'nosniff');
    ctx.set('Content-Security-Policy', "default-src 'none'; sandbox");
    ctx.set('Content-Disposition', 'inline; filename="logo"');
    ctx.set('Cross-Origin-Resource-Policy', 'same-origin');
    // The digest in the address names these bytes for ever (RFC 8246).
    ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
    ctx.body = logo.image;
  });
}
