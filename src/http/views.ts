// What each page is given. Handlers prepare these; the templates in views/ read nothing else.
// Field names that the forms post stand beside the view they belong to.

import type { AccountViews } from './views/account.ts';
import type { ApplicationViews } from './views/application.ts';
import type { CodeViews } from './views/code.ts';
import type { CredentialViews } from './views/credential.ts';
import type { IdentityViews } from './views/identity.ts';
import type { InvitationViews } from './views/invitation.ts';
import type { MeteringViews } from './views/metering.ts';
import type { AccountSummary, ConnectorLink, InteractionForms } from './views/parts.ts';
import type { ProductViews } from './views/product.ts';

/** A client as a person may see it. `name` is written by a stranger: the templates escape and isolate it. */
export interface ClientSummary {
  name: string;
}

/** How the client runs; decides how the page says where the person is sent. */
export type ClientKind = 'web' | 'spa' | 'native' | 'mixed';

/** One API that a client asks for, with the scopes in words. */
export interface ApiSummary {
  name: string;
  environment: 'production' | 'sandbox';
  scopes: { name: string; description: string }[];
}

/** One row of the demo's table of accounts; the passwords are public on purpose. */
export interface DemoAccount {
  email: string;
  password: string;
  role: string;
}

/** What a form shows of one kind of CAPTCHA. */
export type CaptchaField =
  /** A picture as a data: URL; posts `captcha_id` and `captcha_answer`. */
  | { kind: 'svg'; id: string; picture: string }
  /** Proof of work; `challenge` is JSON for captcha.js, which posts `captcha_work`. */
  | { kind: 'altcha'; challenge: string }
  /**
   * A foreign service, whose `script` fills the `element` and posts a field of its own. With
   * `silentField` it shows nothing: captcha.js asks it when the form is sent, and posts that field.
   */
  | {
      kind: 'service';
      script: string;
      element: string;
      siteKey: string;
      action: string;
      silentField?: string;
    };

/** A CAPTCHA of several kinds, of which one is enough. */
export interface CaptchaFields {
  fields: CaptchaField[];
  problem?: string;
}

/** The pages by name, and the data of each. */
export interface Views
  extends AccountViews,
    ApplicationViews,
    CodeViews,
    CredentialViews,
    IdentityViews,
    InvitationViews,
    MeteringViews,
    ProductViews {
  /** Posts `csrf`, `email`, `password` to `action`. */
  'sign-in': InteractionForms & {
    client: ClientSummary;
    email: string;
    alert?: string;
    errors?: { email?: string; password?: string };
    notice?: string;
    passwordFocus?: boolean;
    /** False: passwords are switched off, and there is no form. */
    passwords: boolean;
    /** The address comes first: it decides where the person signs in. Posts `csrf` and `email`. */
    identifierFirst?: boolean;
    /** Back to the address, where it came first. */
    addressHref?: string;
    connectors: ConnectorLink[];
    signUpHref?: string;
    forgotHref?: string;
    /** Asked after failures; posts what its kinds need. */
    captcha?: CaptchaFields;
  };
  /** Posts `csrf`, `email`, `given_name`, `family_name`, `password`, `terms` and the CAPTCHA's fields. */
  'sign-up': InteractionForms & {
    client: ClientSummary;
    values: { email: string; givenName: string; familyName: string };
    /** Sentences by the name of their field. */
    errors: Record<string, string>;
    signInHref: string;
    connectors: ConnectorLink[];
    terms?: { version: string; text: string; consentRequired: boolean; accepted: boolean };
    captcha?: CaptchaFields;
  };
  /** Posts `csrf` and `fields` to `action`, to have the mail sent again. */
  'check-mail': InteractionForms & {
    purpose: 'sign-up' | 'reset';
    email: string;
    again: boolean;
    fields: { name: string; value: string }[];
    backHref: string;
  };
  /** Posts `csrf`, `email` and the CAPTCHA's fields. */
  'forgot-password': InteractionForms & {
    email: string;
    error?: string;
    captcha?: CaptchaFields;
    signInHref: string;
  };
  /** Posts `token`, and `password` where it is asked. */
  'confirm-sign-up': {
    action: string;
    token: string;
    email: string;
    askPassword: boolean;
    error?: string;
  };
  /** Posts `token`. */
  'confirm-email': { token: string; email: string };
  /** Posts `token` and `password`. */
  'reset-password': { action: string; token: string; email: string; error?: string };
  /** Posts `token`. */
  'not-me': { action: string; token: string; passwords: boolean };
  /** Posts `csrf` and `version`. */
  terms: InteractionForms & { client: ClientSummary; terms: { version: string; text: string } };
  notice: { title: string; message: string; links: { href: string; text: string }[] };
  /** Posts `csrf` and `choice` (`continue` or `another`) to `action`. */
  'select-account': InteractionForms & { client: ClientSummary; account: AccountSummary };
  /** Posts `csrf` and `choice` (`allow` or `another`) to `action`; Deny posts to `cancelAction`. */
  consent: InteractionForms & {
    client: ClientSummary & {
      redirectHost: string;
      kind: ClientKind;
      uri?: string;
      /** Its developers chose name and logo, and nobody checked whether they are theirs. */
      unverified?: boolean;
      logoUrl?: string;
    };
    account: AccountSummary;
    identity: string[];
    apis: ApiSummary[];
    offlineAccess: boolean;
    switchAccount: boolean;
  };
  /** Posts `xsrf`, and `logout=yes` when the person does sign out. OpenID RP-Initiated Logout section 2. */
  'sign-out': {
    action: string;
    xsrf: string;
    account: AccountSummary;
    client?: ClientSummary;
    /** Where the session began. `canSignOut`: posts `upstream=yes` to end that one, too. */
    upstream?: { name: string; canSignOut: boolean };
  };
  'signed-out': { client?: ClientSummary };
  /** A form that leads on by itself: posts `fields` to `action`, the client's URI or one of ours. */
  continue: { action: string; fields: { name: string; value: string }[] };
  /** Goes on by itself to the upstream. */
  leave: { connector: string; href: string };
  error: {
    status: number;
    title: string;
    message: string;
    hint?: string;
    correlationId: string;
    link?: { href: string; text: string };
  };
  /** The demo's mails, newest first. */
  mailbox: { mails: { id: string; subject: string; to: string; sentAt: string }[] };
  'mailbox-mail': { mail: { subject: string; to: string; text: string } };
  /** Answers `GET /`. `issuer` is the issuer's URL. */
  home: {
    issuer: string;
    signedIn?: AccountSummary;
    demo?: {
      portalUrl: string;
      apiUrl: string;
      accounts: DemoAccount[];
      /** Of upstreams, whose buttons the sign-in page shows. */
      standIns: { name: string; url: string }[];
    };
  };
}
