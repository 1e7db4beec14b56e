// The access token of a developer's commands, renewed when it is about to expire.
import { UsageError } from '../../errors.ts';
import { changeCredentials, readCredentials } from './credentials-file.ts';
import { discover, refresh } from './server.ts';

/** A token that lives shorter might be dead when it arrives. */
const SPARE_SECONDS = 30;

/** A token that can be used now. Throws a UsageError when nobody is signed in there (any more). */
export async function accessToken(issuer: string): Promise<string> {
  const known = readCredentials()[issuer];
  if (!known) throw signedOut(issuer);
  if (isFresh(known)) return known.access_token;
  const server = await discover(issuer);
  const renewed = await changeCredentials(issuer, async (before) =>
    // Another command was faster, or it signed out meanwhile.
    !before || isFresh(before) ? before : refresh(server, before),
  );
  if (!renewed) throw signedOut(issuer);
  return renewed.access_token;
}

function isFresh({ expires_at }: { expires_at: number }): boolean {
  return expires_at - SPARE_SECONDS > Date.now() / 1000;
}

/** What to say to somebody who is not signed in. */
export function signedOut(issuer: string): UsageError {
  return new UsageError(
    `You are not signed in at ${issuer}: run \`gatehouse login --issuer ${issuer}\`.`,
  );
}
