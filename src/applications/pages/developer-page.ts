// What all pages of a signed-in developer have in common: who it is, the form token, what was done.
import type { Context } from 'koa';
import { ownFormToken, type SelfCareDeps } from '../../accounts/self-care/self-care.ts';
import { pageOf, type SignedIn } from '../../accounts/self-care/signed-in.ts';
import { translate } from '../../http/i18n.ts';
import type { DeveloperPage } from '../../http/views/application.ts';

/** The common part of such a page. */
export function developerPage(
  ctx: Context,
  deps: Pick<SelfCareDeps, 'csrf'>,
  person: SignedIn,
): DeveloperPage {
  const { account } = person;
  ctx.state['page'] = pageOf(ctx);
  return {
    account: {
      name: [account.given_name, account.family_name].filter(Boolean).join(' '),
      email: account.email,
    },
    csrf: ownFormToken(deps, person),
    notice: undefined,
  };
}

/** What `?done=<name>` of a page says: the text `<area>.done-<name>`, if it is one of these names. */
export function doneNotice(
  ctx: Context,
  area: string,
  names: readonly string[],
): string | undefined {
  const done = names.find((name) => name === ctx.query['done']);
  return done && ctx.method === 'GET' ? translate(ctx)(`${area}.done-${done}`) : undefined;
}

/** Leads to a page that says what was done; see `doneNotice`. */
export function goOnTo(ctx: Context, path: string, done: string): void {
  ctx.status = 303;
  ctx.redirect(`${path}?done=${done}`);
}
