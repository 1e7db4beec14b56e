// Turnstile, hCaptcha and reCAPTCHA: three services with one protocol. Their word counts only when it
// is for this host and this form; when they cannot be reached, nobody passes.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { requestLog } from '../../http/correlation.ts';
import { allowCaptchaOf } from '../../http/security-headers.ts';
import { noteCaptchaToken } from '../../storage/captcha-challenges.ts';
import type { Database } from '../../storage/database.ts';
import { type CaptchaKind, type CaptchaPlace, textOf } from './contract.ts';
import { SERVICES, type ServiceName } from './services.ts';

const TIMEOUT_MS = 5000;
// What its documentation begins with.
const USUAL_SCORE = 0.5;
// A success in quotes is no success.
const word = z.object({
  success: z.boolean(),
  hostname: z.string().optional(),
  action: z.string().optional(),
  score: z.number().optional(),
  'error-codes': z.array(z.string()).default([]),
});
type Word = z.infer<typeof word>;

/** `minScore` makes it one that only watches; `verifyUrl` stands in for the service's own address. */
export function createServiceCaptcha(deps: {
  db: Database;
  service: ServiceName;
  siteKey: string;
  secret: string;
  issuer: string;
  minScore?: number | undefined;
  verifyUrl?: string | undefined;
}): CaptchaKind {
  const service = SERVICES[deps.service];
  const { hostname } = new URL(deps.issuer);
  const silent = deps.service === 'recaptcha' && deps.minScore !== undefined;
  // Whoever gives scores names actions too.
  const namesAction = (said: Word) => service.namesAction || silent || said.score !== undefined;
  const isForHere = (said: Word, place: CaptchaPlace) =>
    said.hostname === hostname && (!namesAction(said) || said.action === actionOf(place));
  const isEnough = ({ score = silent ? 0 : 1 }: Word) => score >= (deps.minScore ?? USUAL_SCORE);
  return {
    missing: 'captcha.missing-service',
    async challenge(ctx, place) {
      allowCaptchaOf(ctx, service.origins);
      const { script, element, field } = service;
      const { siteKey } = deps;
      const shown = { kind: 'service', element, siteKey, action: actionOf(place) } as const;
      if (!silent) return { ...shown, script };
      return { ...shown, script: `${script}?render=${siteKey}`, silentField: field };
    },
    answerIn: (fields) => textOf(fields[service.field]).trim() || undefined,
    async verify(ctx, place, token) {
      const url = deps.verifyUrl ?? service.verifyUrl;
      const form = { secret: deps.secret, response: token, remoteip: ctx.ip };
      // Asked before anything is written: a slow service must not hold a transaction open.
      const said = await ask(url, form).catch((error: unknown) => {
        requestLog(ctx).error({ error, service: deps.service }, 'the CAPTCHA service failed');
        return undefined;
      });
      if (!said) return { key: 'captcha.unreachable' };
      const digest = createHash('sha256').update(`${deps.service}\n${token}`).digest('base64url');
      const right =
        said.success &&
        isForHere(said, place) &&
        isEnough(said) &&
        (await noteCaptchaToken(deps.db, digest));
      return right ? undefined : { key: 'captcha.wrong-service' };
    },
  };
}

// An action may hold letters, digits and underscores with all of them.
function actionOf({ action }: CaptchaPlace): string {
  return action.replace('-', '_');
}

async function ask(url: string, form: Record<string, string>): Promise<Word> {
  const response = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams(form),
    signal: AbortSignal.timeout(TIMEOUT_MS),
    redirect: 'error',
  });
  if (!response.ok) throw new Error(`siteverify answered ${response.status}`);
  const said = word.parse(await response.json());
  // Ours to repair: nobody can answer rightly.
  const misconfigured = said['error-codes'].find((code) => code.endsWith('-input-secret'));
  if (misconfigured) throw new Error(`siteverify answered ${misconfigured}`);
  return said;
}
