// Which prompts an authorization request needs, in this order: choose an account, create one, sign
// in, accept the terms, consent.
import { interactionPolicy } from 'oidc-provider';
import type { Terms } from '../storage/terms.ts';
import { accountBehind } from './claims.ts';

/** The library's policy with `select_account` and `create`, and a new sign-in for a lost account. */
export function createInteractionPolicy(deps: {
  terms: () => Promise<Terms | undefined>;
}): interactionPolicy.DefaultPolicy {
  const { base, Check, Prompt } = interactionPolicy;
  const policy = base();
  policy.add(new Prompt({ name: 'select_account', requestable: true }), 0);
  policy.add(new Prompt({ name: 'create', requestable: true }), 1);
  policy
    .get('login')
    ?.checks.add(
      new Check(
        'account_unavailable',
        'the signed-in account can no longer be used',
        'login_required',
        (ctx) => Boolean(ctx.oidc.session?.accountId) && !ctx.oidc.account,
      ),
    );
  policy.add(
    new Prompt(
      { name: 'terms', requestable: false },
      new Check('terms_not_accepted', 'the terms of use have changed', async (ctx) => {
        const account = ctx.oidc.account && accountBehind(ctx.oidc.account);
        const terms = account && (await deps.terms());
        const missing = terms?.consentRequired && account?.termsVersion !== terms.version;
        return missing ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
      }),
    ),
    policy.findIndex(({ name }) => name === 'consent'),
  );
  return policy;
}
