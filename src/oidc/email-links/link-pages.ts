// What the pages behind the links of our mails have in common. A GET changes nothing: programs that
// look for viruses follow links too. The token of the link is the secret of the form.
import type { Context } from 'koa';
import type { z } from 'zod';
import type { KnownDevices } from '../../accounts/known-device.ts';
import { renderProblem } from '../../http/error-boundary.ts';
import { expectOwnOrigin, readFields } from '../../http/form.ts';
import { translate } from '../../http/i18n.ts';
import { allowFormAction } from '../../http/security-headers.ts';
import { handBackSignedIn, loadInteraction, type StepDeps } from '../interactions/interaction.ts';
import type { OwnSessions } from '../own-session.ts';

export interface LinkDeps extends Omit<StepDeps, 'csrf'> {
  ownSessions: OwnSessions;
  devices: KnownDevices;
}

/** The token of a link's query. */
export function tokenOf(ctx: Context): string {
  const token = ctx.query['token'];
  return typeof token === 'string' ? token.slice(0, 200) : '';
}

/** Reads a form that carries the token of its link. */
export function readLinkForm<Schema extends z.ZodType>(ctx: Context, schema: Schema) {
  expectOwnOrigin(ctx);
  return readFields(ctx, schema);
}

/** The page for a link that is used, expired or made up. */
export function renderLinkUsed(ctx: Context, deps: Pick<LinkDeps, 'render'>): void {
  const t = translate(ctx);
  ctx.status = 400;
  renderProblem(ctx, deps.render, {
    status: 400,
    code: 'invalid_request',
    title: t('sign-up.link-used-title'),
    message: 'This link was used already or has expired.',
    key: 'sign-up.link-used',
    link: { href: '/account', text: t('sign-in.title') },
  });
}

/** Whether the link was opened in the browser that asked for it. */
export function isSameBrowser(
  ctx: Context,
  deps: Pick<LinkDeps, 'browser'>,
  uid: string | null | undefined,
): uid is string {
  return Boolean(uid) && deps.browser.isBound(ctx, String(uid));
}

/** Lets the form of this page lead to any address of the client, where its interaction goes on. */
export async function allowClient(
  ctx: Context,
  deps: Pick<LinkDeps, 'clients'>,
  clientId: string | null,
): Promise<void> {
  const client = clientId ? await deps.clients.find(clientId) : undefined;
  allowFormAction(ctx, client?.redirectUris.map(({ uri }) => uri) ?? []);
}

/** Goes on with the interaction of this browser, or signs in here and says so. */
export async function goOn(
  ctx: Context,
  deps: LinkDeps,
  done: { accountId: string; clientId: string | null; message: string },
): Promise<void> {
  const login = { accountId: done.accountId, amr: ['pwd'] };
  const interaction = ctx['params'].uid ? await loadInteraction(ctx, deps) : undefined;
  if (interaction) return handBackSignedIn(ctx, deps, interaction, login);
  await deps.ownSessions.signInHere(ctx, done.accountId, login.amr);
  const t = translate(ctx);
  const portal = await portalOf(deps, done.clientId);
  deps.render(ctx, 'notice', {
    title: t('notice.signed-in'),
    message: t(done.message),
    links: [
      ...(portal
        ? [{ href: portal.href, text: t('notice.to-portal', { portal: portal.name }) }]
        : []),
      { href: '/account', text: t('notice.to-account') },
    ],
  });
}

// Where a person finds the portal: the site that its redirect URIs are on.
async function portalOf(deps: Pick<LinkDeps, 'clients'>, clientId: string | null) {
  const client = clientId ? await deps.clients.find(clientId) : undefined;
  const site = client?.redirectUris.map(({ uri }) => URL.parse(uri)?.origin);
  const href = site?.find((origin) => origin?.startsWith('http'));
  return client && href ? { name: client.name, href } : undefined;
}
