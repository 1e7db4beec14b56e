// What is sent to Microsoft Entra with the browser: at sign-in, and at sign-out.
import * as client from 'openid-client';
import type { AuthorizationHints } from '../connector.ts';
import { present } from '../upstreams/authorization-hints.ts';

/** The parameters of the authorization request. `signUp`: it understands prompt=create. */
export function authorizationParameters(
  hints: AuthorizationHints,
  { domainHint, signUp = false }: { domainHint?: string | undefined; signUp?: boolean },
): Record<string, string> {
  const prompt = promptOf(hints, signUp);
  return present({
    prompt,
    // The two contradict each other there.
    login_hint: prompt === 'select_account' ? undefined : hints.loginHint,
    domain_hint: hints.domainHint ?? domainHint,
    max_age: hints.maxAge?.toString(),
    ui_locales: hints.uiLocales,
  });
}

function promptOf({ maxAge, prompt }: AuthorizationHints, signUp: boolean): string | undefined {
  if (prompt === 'create') return signUp ? prompt : undefined;
  // Entra knows the age of its session, but does not promise to mind max_age.
  return prompt ?? (maxAge === undefined ? undefined : 'login');
}

/** Where a person signs out; undefined when it offers none. */
export function endSessionUrl(
  { redirectUri }: { redirectUri: string },
  session: { configuration: client.Configuration; logoutHint?: string; state: string },
): URL | undefined {
  if (!session.configuration.serverMetadata().end_session_endpoint) return undefined;
  return client.buildEndSessionUrl(session.configuration, {
    // It must be one of the registered redirect URIs, and there is no other kind of them.
    post_logout_redirect_uri: redirectUri,
    state: session.state,
    ...(session.logoutHint ? { logout_hint: session.logoutHint } : {}),
  });
}
