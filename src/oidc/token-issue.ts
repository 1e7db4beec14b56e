// What happens before a token is signed: is it within the limits, or is there a fresh one for the
// same already? And what is counted afterwards.
import { errors, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Metering } from '../applications/metering.ts';
import { chargesOf } from '../applications/usage/charges.ts';
import type { Exhausted } from '../applications/usage/token-budgets.ts';
import type { UsageResult } from '../applications/usage/token-usage.ts';
import type { Api } from '../catalog/apis.ts';
import type { Client } from '../storage/clients.ts';
import { apiInHand } from './api-in-hand.ts';
import type { ClientLookup } from './client-lookup.ts';
import { createFreshTokens, type FreshTokens } from './fresh-tokens.ts';
import { refusedBy } from './refused-by.ts';

export interface TokenIssueDeps {
  clients: ClientLookup;
  metering: Metering;
}

/** What the library's two kinds of access tokens have in common. */
interface Token {
  client: Parameters<ClientLookup['stored']>[0] | undefined;
  kind: string;
  scope?: string | undefined;
  jti: string;
  readonly expiration: number;
  expiresIn?: number;
  isSenderConstrained(): boolean;
}

/** Makes a provider ask us before it issues an access token. */
export function attachTokenIssue(provider: Provider, deps: TokenIssueDeps): void {
  // Of one set of keys: a token that was signed by a withdrawn one is not given again.
  const fresh = createFreshTokens();
  for (const model of [provider.ClientCredentials, provider.AccessToken]) {
    // The types know neither the fields that we set nor that `save` can be replaced.
    const prototype = model.prototype as unknown as { save(this: Token): Promise<string> };
    const { save } = prototype;
    prototype.save = function issued() {
      const ctx = Provider.ctx;
      const sign = () => save.call(this);
      return ctx && this.client ? issue(ctx, this, { ...deps, fresh, sign }) : sign();
    };
  }
}

async function issue(
  ctx: KoaContextWithOIDC,
  token: Token,
  deps: TokenIssueDeps & { fresh: FreshTokens; sign: () => Promise<string> },
): Promise<string> {
  const client = deps.clients.stored(token.client as NonNullable<Token['client']>);
  const api = apiInHand(ctx);
  const isRepeatable = token.kind === 'ClientCredentials' && !token.isSenderConstrained();
  if (!isRepeatable || !api) {
    await expectWithinLimits(deps, client, api, token);
    const value = await deps.sign();
    count(deps, client, api, 'issued');
    return value;
  }
  const kept = deps.fresh.find(client, api, token.scope);
  if (kept) {
    token.jti = kept.jti;
    token.expiresIn = kept.secondsLeft;
    count(deps, client, api, 'reused');
    return kept.value;
  }
  await expectWithinLimits(deps, client, api, token);
  const value = await deps.sign();
  const { jti, expiration } = token;
  const isEarly = deps.fresh.keep(client, api, token.scope, { value, jti, seconds: expiration });
  count(deps, client, api, 'issued');
  if (isEarly) count(deps, client, api, 'early');
  return value;
}

function count(
  { metering }: TokenIssueDeps,
  { id, application }: Client,
  api: Api | undefined,
  result: UsageResult,
): void {
  if (application)
    metering.usage.count({
      applicationId: application.id,
      clientId: id,
      apiId: api?.id ?? '',
      result,
    });
}

async function expectWithinLimits(
  { metering: { budgets, tokenLimits } }: TokenIssueDeps,
  client: Client,
  api: Api | undefined,
  { scope }: Token,
): Promise<void> {
  const scopes = scope?.split(' ') ?? [];
  const charges = chargesOf(client, { apiId: api?.id ?? '', scopes }, tokenLimits);
  const exhausted = charges.length > 0 ? await budgets.take(charges) : undefined;
  if (exhausted) throw tooMany(exhausted);
}

// RFC 6585 section 4. RFC 6749 has no word for it; this one says that it passes.
function tooMany({ charge, retryAfterSeconds }: Exhausted): errors.OIDCProviderError {
  const { limit, window, key } = charge;
  const error = new errors.OIDCProviderError(429, 'temporarily_unavailable');
  const whose = key.startsWith('owner') ? 'the applications of this owner' : 'this application';
  error.error_description = `the limit of ${whose} is reached: ${limit} tokens in a ${window}. Try again in ${retryAfterSeconds} seconds, and use each token until it expires (expires_in)`;
  Provider.ctx?.set('Retry-After', String(retryAfterSeconds));
  return refusedBy(error, 'quota_exceeded', {
    ...{ limit, window, retry_after: retryAfterSeconds },
  });
}
