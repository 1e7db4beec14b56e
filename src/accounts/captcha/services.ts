// The services that speak siteverify. Sources: their pages on server-side validation and on
// Content-Security-Policy.

export type ServiceName = 'turnstile' | 'hcaptcha' | 'recaptcha';

export interface Service {
  verifyUrl: string;
  script: string;
  /** Where its script and frames come from, as narrow as its documentation allows. */
  origins: string[];
  /** The class of the element that its script fills. */
  element: string;
  /** The field that its script posts. */
  field: string;
  /** Whether its answer says which action the token was made for. */
  namesAction: boolean;
}

export const SERVICES: Record<ServiceName, Service> = {
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
    origins: ['https://hcaptcha.com', 'https://*.hcaptcha.com'],
    element: 'h-captcha',
    field: 'h-captcha-response',
    namesAction: false,
  },
  recaptcha: {
    verifyUrl: 'https://www.google.com/recaptcha/api/siteverify',
    script: 'https://www.google.com/recaptcha/api.js',
    // Not the whole of Google: other paths there would run anybody's script.
    origins: [
      'https://www.google.com/recaptcha/',
      'https://www.gstatic.com/recaptcha/',
      'https://recaptcha.google.com/recaptcha/',
    ],
    element: 'g-recaptcha',
    field: 'g-recaptcha-response',
    namesAction: false,
  },
};
