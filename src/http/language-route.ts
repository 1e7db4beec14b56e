// POST /language: the choice of language at the foot of every page.
import Router from '@koa/router';
import { z } from 'zod';
import { expectOwnOrigin, readFields } from './form.ts';
import { chooseLanguage, isLanguage } from './i18n.ts';

const schema = z.object({
  language: z.string().refine(isLanguage, 'Choose one of the languages of the page.'),
  instead: z.string().optional(),
  return: z.string().default('/'),
});

/** Keeps the language and leads back to the page. It changes nothing else, so it has no CSRF token. */
export function createLanguageRoute(deps: { issuer: string }): Router {
  return new Router().post('/language', async (ctx) => {
    expectOwnOrigin(ctx);
    const form = await readFields(ctx, schema);
    chooseLanguage(ctx, form.language, form.instead);
    const target = URL.parse(form.return, deps.issuer);
    // "/.//host" is a path here, and another host to the browser that is sent to it.
    const own =
      target?.origin === deps.issuer ? target.pathname.replace(/^\/+/, '/') + target.search : '/';
    ctx.status = 303;
    ctx.redirect(own);
  });
}
