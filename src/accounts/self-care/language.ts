// /account/language: for the pages of this browser, and for the mails to the person.
import type Router from '@koa/router';
import { z } from 'zod';
import { chooseLanguage, isLanguage, languageOf } from '../../http/i18n.ts';
import { setPreferredLanguage } from '../../storage/accounts.ts';
import { goOn, readOwnForm, type SelfCareDeps, showPage, whenSignedIn } from './self-care.ts';

const PATH = '/account/language';
const form = z.object({
  language: z.string().refine(isLanguage, 'Choose one of the languages of the page.'),
});

/** Adds the routes. */
export function addLanguageRoutes(router: Router, deps: SelfCareDeps): void {
  router.get(
    PATH,
    whenSignedIn(deps, (ctx, person) => showPage(ctx, deps, person, 'account/language', {})),
  );
  router.post(
    PATH,
    whenSignedIn(deps, async (ctx, person) => {
      const { language } = await readOwnForm(ctx, deps, person, form);
      await setPreferredLanguage(deps.db, person.account.id, language);
      chooseLanguage(ctx, language, languageOf(ctx));
      goOn(ctx, PATH, 'language');
    }),
  );
}
