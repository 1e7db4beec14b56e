// What an upstream says of a person, as far as it can be kept. Texts that no honest upstream sends are
// left out; a key that cannot be kept as it is could be taken for that of somebody else.
import { Refusal, type UpstreamIdentity } from '../connector.ts';

/** OpenID Connect Core section 2 allows a subject no more. */
const KEY = /^\P{C}{1,255}$/u;
const TEXT = /^\P{C}{1,2000}$/u;
const MAX_METHODS = 20;

/** Leaves out what cannot be kept. Throws a Refusal (`invalid_answer`) when that is the key. */
export function fitIdentity(identity: UpstreamIdentity): UpstreamIdentity {
  if (!KEY.test(identity.issuer) || !KEY.test(identity.subject))
    throw new Refusal(
      'invalid_answer',
      'The subject is longer than 255 characters, or holds characters that cannot be kept.',
    );
  const { amr, email, givenName, familyName, displayName, logoutHint, sid } = identity;
  return {
    ...identity,
    email: kept(email),
    givenName: kept(givenName),
    familyName: kept(familyName),
    displayName: kept(displayName),
    logoutHint: kept(logoutHint),
    sid: kept(sid),
    amr: amr?.filter((method) => TEXT.test(method)).slice(0, MAX_METHODS),
  };
}

function kept(text: string | undefined): string | undefined {
  return text !== undefined && TEXT.test(text) ? text : undefined;
}
