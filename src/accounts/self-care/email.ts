// /account/email: a new address. Both are written to, and it counts when the new one is proven.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { renderProblem } from '../../http/error-boundary.ts';
import { expectOwnOrigin, readFields } from '../../http/form.ts';
import { translate } from '../../http/i18n.ts';
import { endOtherSessions } from '../../storage/sessions.ts';
import { parseEmailAddress } from '../email-address.ts';
import {
  confirmEmailChange,
  findEmailChange,
  requestEmailChange,
} from '../recovery/change-email.ts';
import {
  goOn,
  mailLanguage,
  proofProblem,
  readOwnForm,
  type SelfCareDeps,
  showPage,
  whenSignedIn,
} from './self-care.ts';
import type { SignedIn } from './signed-in.ts';

const form = z.object({
  email: z.string().max(1000).default(''),
  current: z.string().max(4096).default(''),
});
const linkForm = z.object({ token: z.string().max(200) });

/** Adds the routes. */
export function addEmailRoutes(router: Router, deps: SelfCareDeps): void {
  router.get(
    '/account/email',
    whenSignedIn(deps, (ctx, person) => show(ctx, deps, person, { email: '' })),
  );
  router.post(
    '/account/email',
    whenSignedIn(deps, async (ctx, person) => {
      const { email: typed, current } = await readOwnForm(ctx, deps, person, form);
      const email = parseEmailAddress(typed);
      if (!email) {
        ctx.status = 400;
        const problem = translate(ctx)('sign-up.email-invalid');
        return show(ctx, deps, person, { email: typed, errors: { email: problem } });
      }
      const proof = { password: current, freshIsEnough: false };
      const doubt = await proofProblem(ctx, deps, person, proof);
      if (doubt === 'asked') return;
      if (doubt) return show(ctx, deps, person, { email: typed, errors: { current: doubt } });
      const language = mailLanguage(ctx, person);
      await requestEmailChange(deps, person.account, { email, language });
      goOn(ctx, '/account/email', 'email');
    }),
  );
  addLinkRoutes(router, deps);
}

// Whoever holds the link proves the address; who is signed in does not matter.
function addLinkRoutes(router: Router, deps: SelfCareDeps): void {
  router.get('/account/email/confirm', async (ctx) => {
    const token = String(ctx.query['token'] ?? '').slice(0, 200);
    const found = await findEmailChange(deps, token);
    if (!found) return renderVoid(ctx, deps);
    deps.render(ctx, 'confirm-email', { token, email: found.email });
  });
  router.post('/account/email/confirm', async (ctx) => {
    expectOwnOrigin(ctx);
    const { token } = await readFields(ctx, linkForm);
    if (!(await findEmailChange(deps, token))) return renderVoid(ctx, deps);
    const account = await confirmEmailChange(deps, token);
    const session = await deps.findSession(ctx);
    const kept = session?.accountId === account.id ? session.uid : '';
    await endOtherSessions(deps.db, account.id, kept);
    const t = translate(ctx);
    deps.render(ctx, 'notice', {
      title: t('notice.email-changed-title'),
      message: t('notice.email-changed'),
      links: [{ href: '/account', text: t('notice.to-account') }],
    });
  });
}

function renderVoid(ctx: Context, deps: SelfCareDeps): void {
  ctx.status = 400;
  renderProblem(ctx, deps.render, {
    ...{ status: 400, code: 'invalid_request', key: 'sign-up.link-used' },
    title: translate(ctx)('sign-up.link-used-title'),
    message: 'This link was used already or has expired.',
  });
}

function show(
  ctx: Context,
  deps: SelfCareDeps,
  person: SignedIn,
  typed: { email: string; errors?: { email?: string; current?: string } },
): void {
  showPage(ctx, deps, person, 'account/email', {
    hasPassword: person.account.password_hash !== null,
    ...typed,
  });
}
