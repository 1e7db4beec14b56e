// POST /language: the choice of language at the foot of every page.
import Router from '@koa/router';
import { z } from 'zod';
import { expectOwnOrigin, readFields } from './form.ts';
import { chooseLanguage, isLanguage } from './i18n.ts';

const schema = z.object({
  language: z.string().refine(isLanguage, 'Choose one of the languages of the page.'),
  instead: z.string().optional(),
  return: z.string().optional(),
});

/** Keeps the language and leads back to the page. It changes nothing else, so it has no CSRF token. */
export function createLanguageRoute(deps: { issuer: string }): Router {
  return new Router().post('/language', async (ctx) => {
    expectOwnOrigin(ctx);
    const form = await readFields(ctx, schema);
    chooseLanguage(ctx, form.language, form.instead);
    // A page that repeats its own address would repeat what a stranger wrote into it.
    const page = form.return ?? (ctx.get('Referer') || '/');
    const target = URL.parse(page, deps.issuer);
    // "/.//host" is a path here, and another host to the browser that is sent to it.
    const own =
      target?.origin === deps.issuer ? target.pathname.replace(/^\/+/, '/') + target.search : '/';
    ctx.status = 303;
    ctx.redirect(own);
  });
}
