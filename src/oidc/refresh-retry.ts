// A client that lost the answer of a refresh asks again, and gets the same tokens (RFC 9700 section
// 4.14.2 leaves room for this). The repeated request goes through every check of a first one; only
// when it commits does it learn that the token is used, and takes the answer that was kept.
import type { KoaContextWithOIDC } from 'oidc-provider';
import { onLostRace } from '../http/unit-of-work.ts';
import { audit } from '../observability/audit.ts';
import type { Database } from '../storage/database.ts';
import { findAnswer, keepAnswer } from '../storage/refresh-answers.ts';
import { seal, unseal } from '../storage/sealed-value.ts';

const CONTEXT = 'answer of a refresh';

/** Called when a refresh has succeeded and is about to be committed. */
export function allowRefreshRetry(ctx: KoaContextWithOIDC, db: Database): void {
  const { RotatedRefreshToken: rotated, RefreshToken: successor } = ctx.oidc.entities;
  if (!rotated || !successor) return;
  const used = rotated.jti;
  const question = questionOf(ctx);
  // Sealed with the token itself: neither the database nor our own keys can open it.
  const key = Buffer.from(used);
  const sealed = seal(key, JSON.stringify({ question, answer: ctx.body }), CONTEXT);
  keepAnswer(used, successor.jti, sealed);

  onLostRace(ctx, async () => {
    const found = await findAnswer(db, used);
    if (!found) return false;
    const kept = JSON.parse(unseal([key], found, CONTEXT));
    // One who asks for something else has not lost this answer.
    if (kept.question !== question) return false;
    ctx.body = kept.answer;
    audit(ctx, { type: 'token.repeated', clientId: ctx.oidc.client?.clientId });
    return true;
  });
}

function questionOf(ctx: KoaContextWithOIDC): string {
  const { scope, resource } = ctx.oidc.params ?? {};
  return JSON.stringify([ctx.oidc.client?.clientId, scope, resource]);
}
