// Turnstile, hCaptcha and reCAPTCHA: three services with one protocol. Their word counts only when it
// is for this host and this form; when they cannot be reached, nobody passes.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { allowCaptchaOf } from '../../http/security-headers.ts';
import { noteCaptchaToken } from '../../storage/captcha-challenges.ts';
import type { Database } from '../../storage/database.ts';
import { type CaptchaKind, textOf } from './contract.ts';

export type ServiceName = 'turnstile' | 'hcaptcha' | 'recaptcha';

interface Service {
  verifyUrl: string;
  script: string;
  /** Origins of its script and frames. */
  origins: string[];
  /** The class of the element that its script fills. */
  element: string;
  /** The field that its script posts. */
  field: string;
  /** Whether its answer says which action the token was made for. */
  namesAction: boolean;
}

// Sources: the server-side validation pages of the three services.
const SERVICES: Record<ServiceName, Service> = {
  turnstile: {
    verifyUrl: 'https://challenges.cloudflare.com/turnstile/v0/siteverify',
    script: 'https://challenges.cloudflare.com/turnstile/v0/api.js',
    origins: ['https://challenges.cloudflare.com'],
    element: 'cf-turnstile',
    field: 'cf-turnstile-response',
    namesAction: true,
  },
  hcaptcha: {
    verifyUrl: 'https://api.hcaptcha.com/siteverify',
    script: 'https://js.hcaptcha.com/1/api.js',
    origins: ['https://js.hcaptcha.com', 'https://*.hcaptcha.com'],
    element: 'h-captcha',
    field: 'h-captcha-response',
    namesAction: false,
  },
  recaptcha: {
    verifyUrl: 'https://www.google.com/recaptcha/api/siteverify',
    script: 'https://www.google.com/recaptcha/api.js',
    origins: ['https://www.google.com', 'https://www.gstatic.com'],
    element: 'g-recaptcha',
    field: 'g-recaptcha-response',
    namesAction: false,
  },
};

const TIMEOUT_MS = 5000;
const answer = z.object({
  success: z.boolean(),
  hostname: z.string().optional(),
  action: z.string().optional(),
});

/** `verifyUrl` stands in for the service's own address. */
export function createServiceCaptcha(deps: {
  db: Database;
  service: ServiceName;
  siteKey: string;
  secret: string;
  issuer: string;
  verifyUrl?: string | undefined;
}): CaptchaKind {
  const service = SERVICES[deps.service];
  const { hostname } = new URL(deps.issuer);
  return {
    async challenge(ctx, place) {
      allowCaptchaOf(ctx, service.origins);
      const { script, element } = service;
      return { kind: 'service', script, element, siteKey: deps.siteKey, action: place.action };
    },
    answerIn: (fields) => textOf(fields[service.field]) || undefined,
    async verify(ctx, place, token) {
      const digest = createHash('sha256').update(`${deps.service}\n${token}`).digest('base64url');
      if (!(await noteCaptchaToken(deps.db, digest))) return false;
      const said = await ask(deps.verifyUrl ?? service.verifyUrl, {
        secret: deps.secret,
        response: token,
        remoteip: ctx.ip,
      });
      const here = said.hostname === hostname;
      return said.success && here && (!service.namesAction || said.action === place.action);
    },
  };
}

async function ask(url: string, fields: Record<string, string>): Promise<z.infer<typeof answer>> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams(fields),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    });
    if (!response.ok) throw new Error(`siteverify answered ${response.status}`);
    return answer.parse(await response.json());
  } catch (cause) {
    throw new AppError(
      503,
      'temporarily_unavailable',
      'The service that checks for robots cannot be reached. Please try again in a minute.',
      { cause, headers: { 'Retry-After': '60' }, key: 'captcha.unreachable' },
    );
  }
}
