// The one map of the kinds of CAPTCHA.
import type { CaptchaConfig } from '../../config/captcha.ts';
import type { Database } from '../../storage/database.ts';
import { createAltchaCaptcha } from './altcha.ts';
import type { CaptchaKind } from './contract.ts';
import type { ServiceName } from './services.ts';
import { createServiceCaptcha } from './siteverify.ts';
import { createSvgCaptcha } from './svg.ts';

export interface CaptchaDeps {
  db: Database;
  key: Buffer;
  issuer: string;
  config: CaptchaConfig;
}

const service = (name: ServiceName) => (deps: CaptchaDeps) =>
  createServiceCaptcha({ ...deps, ...deps.config, service: name });

const KINDS = {
  svg: createSvgCaptcha,
  altcha: createAltchaCaptcha,
  turnstile: service('turnstile'),
  hcaptcha: service('hcaptcha'),
  recaptcha: service('recaptcha'),
} satisfies Record<CaptchaConfig['kinds'][number], (deps: CaptchaDeps) => CaptchaKind>;

/** Creates the configured kinds. */
export function createCaptchaKinds(deps: CaptchaDeps): CaptchaKind[] {
  return deps.config.kinds.map((kind) => KINDS[kind](deps));
}
