// What our own client asks for, in the parameters of OpenID Connect Core section 3.1.2.1.
import type { AuthorizationHints } from '../connector.ts';

/** The standard parameters for hints, where there are any. */
export function standardHints(hints: AuthorizationHints): Record<string, string> {
  return present({
    login_hint: hints.loginHint,
    prompt: hints.prompt,
    max_age: hints.maxAge?.toString(),
    ui_locales: hints.uiLocales,
  });
}

/** Parameters without those that have no value. */
export function present(parameters: Record<string, string | undefined>): Record<string, string> {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Record<string, string>;
}
