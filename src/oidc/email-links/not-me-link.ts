// The link "that was not me" of the mails about a changed password or address.
import Router from '@koa/router';
import { z } from 'zod';
import { type TakeBackDeps, takeBack } from '../../accounts/recovery/not-me.ts';
import { languageOf, translate } from '../../http/i18n.ts';
import { findEmailToken } from '../../storage/email-tokens.ts';
import { type LinkDeps, readLinkForm, renderLinkUsed, tokenOf } from './link-pages.ts';

const form = z.object({ token: z.string().max(200) });

/** GET /not-me, and the post of its form. */
export function createNotMeRoutes(deps: Pick<LinkDeps, 'render'> & TakeBackDeps): Router {
  return new Router()
    .get('/not-me', async (ctx) => {
      const token = tokenOf(ctx);
      if (!(await findEmailToken(deps.db, 'not-me', token))) return renderLinkUsed(ctx, deps);
      deps.render(ctx, 'not-me', { action: '/not-me', token, passwords: deps.passwordsInUse });
    })
    .post('/not-me', async (ctx) => {
      const { token } = await readLinkForm(ctx, form);
      if (!(await findEmailToken(deps.db, 'not-me', token))) return renderLinkUsed(ctx, deps);
      await takeBack(deps, token, languageOf(ctx));
      const t = translate(ctx);
      const message = t(
        deps.passwordsInUse ? 'notice.taken-back' : 'notice.taken-back-without-password',
      );
      deps.render(ctx, 'notice', { title: t('notice.taken-back-title'), message, links: [] });
    });
}
