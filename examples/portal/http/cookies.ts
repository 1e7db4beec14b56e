// Cookies of the portal. Ports of one host share cookies, so every name starts with contoso_portal.
import type { Context } from 'koa';

export type CookieOptions = { isSecure: boolean; maxAgeSeconds?: number };

/** Sets a cookie that scripts cannot read and other sites cannot send along with a form. */
export function setCookie(
  ctx: Context,
  [name, value]: readonly [name: string, value: string],
  { isSecure, maxAgeSeconds }: CookieOptions,
): void {
  const parts = [`${name}=${value}`, 'Path=/', 'HttpOnly', 'SameSite=Lax'];
  if (isSecure) parts.push('Secure');
  if (maxAgeSeconds !== undefined) parts.push(`Max-Age=${maxAgeSeconds}`);
  ctx.append('Set-Cookie', parts.join('; '));
}

/** Makes the browser forget a cookie. */
export function clearCookie(ctx: Context, name: string, isSecure: boolean): void {
  setCookie(ctx, [name, ''], { isSecure, maxAgeSeconds: 0 });
}
