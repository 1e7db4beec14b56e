// The headers of every response. No inline script or style runs on any page of the portal.
import type { Middleware } from 'koa';

export type SecurityHeadersOptions = {
  apiUrl: string;
  /** Origins of the authorization server, read anew for each response. */
  listIssuerOrigins: () => string[];
};

/** Sets the content security policy and its companions before anything else runs. */
export function setSecurityHeaders({
  apiUrl,
  listIssuerOrigins,
}: SecurityHeadersOptions): Middleware {
  const apiOrigin = new URL(apiUrl).origin;
  return async (ctx, next) => {
    const issuerOrigins = listIssuerOrigins().join(' ');
    ctx.set({
      // connect-src: the console calls the token endpoint and the API from the page.
      // form-action: signing out is a form whose answer leads to the authorization server.
      'Content-Security-Policy': [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        `connect-src 'self' ${apiOrigin} ${issuerOrigins}`,
        `form-action 'self' ${issuerOrigins}`,
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ].join('; '),
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      // No Cross-Origin-Opener-Policy: it would cut the console's pop-up from its page.
    });
    await next();
  };
}
