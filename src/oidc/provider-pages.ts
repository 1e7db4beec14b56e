// The pages that oidc-provider asks its host for: errors, sign-out, signed out.
import type { ErrorOut, errors, KoaContextWithOIDC } from 'oidc-provider';
import { findUsableAccount } from '../accounts/account.ts';
import { renderProblem } from '../http/error-boundary.ts';
import { askForLanguage, translate } from '../http/i18n.ts';
import type { Render } from '../http/render.ts';
import { allowFormAction } from '../http/security-headers.ts';
import type { Database } from '../storage/database.ts';
import type { ClientLookup } from './client-lookup.ts';
import { refusalPath } from './keep-refusal.ts';
import { UNSUPPORTED } from './refusals.ts';

const TITLED = new Set(['invalid_client', 'invalid_redirect_uri', 'access_denied']);

/** Creates the page hooks of the configuration. */
export function createProviderPages(deps: {
  render: Render;
  db: Database;
  clients: ClientLookup;
  describeUpstream: (
    sessionUid: string,
  ) => Promise<{ name: string; canSignOut: boolean } | undefined>;
}) {
  const { render } = deps;
  return {
    renderError(ctx: KoaContextWithOIDC, out: ErrorOut, error: errors.OIDCProviderError | Error) {
      if (error.name === 'SessionNotFound') renderEndedSignIn(ctx, render);
      else {
        askForLanguage(ctx, ctx.oidc?.params?.['ui_locales']);
        const t = translate(ctx);
        renderProblem(ctx, render, {
          status: ctx.status,
          code: out.error,
          title: t(`error.${TITLED.has(out.error) ? out.error : 'request-refused'}`),
          message: sentence(
            out.error_description ?? UNSUPPORTED[out.error] ?? `The reason is ${out.error}`,
          ),
          hint: t('error.request-refused-hint'),
          ...linkToRefusal(ctx, deps.clients, t('error.refusal-link')),
        });
      }
    },

    async logoutSource(ctx: KoaContextWithOIDC) {
      const { client, session } = ctx.oidc;
      const state = session?.state ?? {};
      const account = await findUsableAccount(deps.db, session?.accountId ?? '');
      allowFormAction(ctx, [stringOf(state['postLogoutRedirectUri'])]);
      const upstream = session && (await deps.describeUpstream(session.uid));
      render(ctx, 'sign-out', {
        action: ctx.oidc.urlFor('end_session_confirm'),
        xsrf: stringOf(state['secret']) ?? '',
        account: { name: account?.displayName ?? '', email: account?.email ?? '' },
        ...(client?.clientName ? { client: { name: client.clientName } } : {}),
        ...(upstream ? { upstream } : {}),
      });
    },

    postLogoutSuccessSource(ctx: KoaContextWithOIDC) {
      const name = ctx.oidc.client?.clientName;
      render(ctx, 'signed-out', name ? { client: { name } } : {});
    },
  };
}

// For who develops the client; anybody else finds nothing there.
function linkToRefusal(ctx: KoaContextWithOIDC, clients: ClientLookup, text: string) {
  const client = ctx.oidc?.client;
  return client && clients.stored(client).application
    ? { link: { href: refusalPath(ctx), text } }
    : {};
}

/** The page for an interaction that is over: reloaded, finished in another tab, or expired. */
export function renderEndedSignIn(ctx: KoaContextWithOIDC | Parameters<Render>[0], render: Render) {
  const t = translate(ctx);
  ctx.status = 400;
  renderProblem(ctx, render, {
    status: 400,
    code: 'invalid_request',
    title: t('error.ended-title'),
    message: 'It was finished in another window, or it has expired.',
    key: 'error.ended',
    hint: t('error.ended-hint'),
  });
}

// Parameter names keep their spelling; a bare error code is no sentence.
function sentence(text: string): string {
  const [first = ''] = text.split(' ', 1);
  const start = first.includes('_') ? text : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
