// Which prompts an authorization request needs, in this order: choose an account, create one, sign
// in, consent.
import { interactionPolicy } from 'oidc-provider';

/** The library's policy with `select_account` and `create`, and a new sign-in for a lost account. */
export function createInteractionPolicy(): interactionPolicy.DefaultPolicy {
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
  return policy;
}
