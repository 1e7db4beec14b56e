// Headers of every answer. Pages run in pop-ups of consoles that read window.opener, so no COOP
// isolation; they are never framed; scripts come from our own origin only. What programs ask for is
// no page, and gets the strictest policy of all.
import type { Context, Middleware } from 'koa';

/** Sets the security headers before anything else writes the answer. */
export function securityHeaders(deps: { issuer: string }): Middleware {
  const secure = deps.issuer.startsWith('https:');
  const always = {
    'X-Content-Type-Options': 'nosniff',
    ...(secure ? { 'Strict-Transport-Security': 'max-age=63072000; includeSubDomains' } : {}),
  };
  const forPrograms = {
    ...always,
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  };
  const forPages = {
    ...always,
    'X-Frame-Options': 'DENY',
    // no-referrer would make Chromium send "Origin: null" with our own forms.
    'Referrer-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'unsafe-none',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
    'Content-Security-Policy': policy(),
  };
  return async function headers(ctx, next) {
    // A browser that comes here by its own will be shown a page.
    const isProtocol = PROGRAMS.test(ctx.path) && ctx.method === 'POST' && !wantsPage(ctx);
    ctx.set(isProtocol || isForPrograms(ctx.path) ? forPrograms : forPages);
    await next();
  };
}

/** True for addresses where never a page is shown, whatever a browser would like. */
export function isForPrograms(path: string): boolean {
  return /^\/api\//i.test(path);
}

const PROGRAMS = /^\/(token|introspect|revoke|par)\/?$/i;

function wantsPage(ctx: Context): boolean {
  return ctx.req.headers.accept?.includes('text/html') === true;
}

/**
 * Limits where the forms of this page may lead. Chromium checks the whole redirect chain, so the
 * target of the final redirect must be named: an https origin, or the scheme of a native client.
 */
export function allowFormAction(ctx: Context, targets: (string | undefined)[]): void {
  const sources = targets.flatMap((target) => {
    const url = target ? URL.parse(target) : null;
    if (!url) return [];
    return [url.origin === 'null' ? url.protocol : url.origin];
  });
  ctx.state['formAction'] = ["'self'", ...new Set(sources)];
  ctx.set('Content-Security-Policy', policy(ctx.state));
}

/** Lets this page use the scripts and frames of a CAPTCHA service. */
export function allowCaptchaOf(ctx: Context, origins: string[]): void {
  ctx.state['captchaOrigins'] = origins;
  ctx.set('Content-Security-Policy', policy(ctx.state));
}

function policy(page: { formAction?: string[]; captchaOrigins?: string[] } = {}): string {
  const { formAction, captchaOrigins = [] } = page;
  const captcha = captchaOrigins.map((origin) => ` ${origin}`).join('');
  // The provider adds the hash of its own inline script to script-src, and only if that is present.
  const directives = [
    "default-src 'none'",
    `script-src 'self'${captcha}`,
    `style-src 'self'${captcha}`,
    ...(captcha ? [`frame-src${captcha}`] : []),
    "img-src 'self' data:",
    `connect-src 'self'${captcha}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  if (formAction) directives.push(`form-action ${formAction.join(' ')}`);
  return directives.join('; ');
}
