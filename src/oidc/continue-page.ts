// oidc-provider writes a page of its own where a form must be posted: response_mode=form_post, and a
// change of account. Its form is shown on a page of ours, which works without JavaScript as well.
import type { Context } from 'koa';
import { parse } from 'node-html-parser';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Render } from '../http/render.ts';
import { allowFormAction } from '../http/security-headers.ts';
import { refusalUri } from './keep-refusal.ts';

const MARK = '<title>Submitting Callback</title>';

/** Replaces the library's page by ours; other answers stay as they are. */
export function renderContinue(ctx: Context, render: Render, issuer: string): void {
  if (typeof ctx.body !== 'string' || !ctx.body.includes(MARK)) return;
  const form = parse(ctx.body).querySelector('form');
  const action = form?.getAttribute('action');
  if (!form || !action) return;
  const { status } = ctx;
  // After a change of account the redirects go on to the client.
  const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>;
  const target = oidc?.entities.Interaction?.params['redirect_uri'];
  allowFormAction(ctx, [action, typeof target === 'string' ? target : undefined]);
  const fields = form.querySelectorAll('input[name]').map((input) => ({
    name: input.getAttribute('name') ?? '',
    value: input.getAttribute('value') ?? '',
  }));
  if (fields.some(({ name }) => name === 'error'))
    fields.push({ name: 'error_uri', value: refusalUri(ctx, issuer) });
  render(ctx, 'continue', { action, fields });
  ctx.status = status;
}
