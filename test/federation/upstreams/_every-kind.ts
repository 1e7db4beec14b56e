// What the contract suite needs to know of each kind. A new kind adds its line here.
import type { EmailTrust } from '../../../src/federation/connector.ts';
import { APPLE_PRIVATE_KEY, APPLE_TEAM, createApple, newPrivateKey } from './_apple.ts';
import { CLIENT_ID, CLIENT_SECRET } from './_authorization-server.ts';
import { createDiscord } from './_discord.ts';
import { CONTOSO, createEntra, createExternalId, type EntraFake, PERSONAL } from './_entra.ts';
import { createFacebook } from './_facebook.ts';
import type { FakeUpstream, SigningKeys } from './_fake.ts';
import { createGitHub } from './_github.ts';
import { createGitLab } from './_gitlab.ts';
import { createGoogle } from './_google.ts';
import { createLinkedIn } from './_linkedin.ts';
import { createOAuth2, OAUTH2_SETTINGS } from './_oauth2.ts';
import { createOidc, type OidcFake } from './_oidc.ts';
import { createX } from './_x.ts';

/** An upstream with one person, and a connector that is set up for it. */
export interface KindCase {
  fake: FakeUpstream & { keys: SigningKeys };
  settings: Record<string, unknown>;
  /** By reference. */
  secrets: Record<string, string>;
  /** Others, with which the upstream does not take us for its client. */
  wrongSecrets: Record<string, string>;
  expected: { issuer: string; subject: string; email: string; emailTrust: EmailTrust };
  /** The person gets another address, name and login; they remain the same person. */
  rename(): void;
}

/** The client of every fake, as settings name it. */
export const OUR_CLIENT = {
  client_id: CLIENT_ID,
  client_secret: 'env:GATEHOUSE_CONNECTOR_SECRET',
};
const OUR_SECRET = { [OUR_CLIENT.client_secret]: CLIENT_SECRET };
const WRONG_SECRET = { [OUR_CLIENT.client_secret]: 'the-secret-of-somebody-else' };

const withSecret = { settings: OUR_CLIENT, secrets: OUR_SECRET, wrongSecrets: WRONG_SECRET };

/** By the kind's name in CONNECTOR_KINDS. */
export const EVERY_KIND: Record<string, () => KindCase> = {
  google: () => ofOidc(createGoogle(), 'https://accounts.google.com', 'authoritative'),
  github() {
    const fake = createGitHub();
    return {
      ...withSecret,
      fake,
      expected: person('https://github.com/login/oauth', '583231', 'verified'),
      rename() {
        Object.assign(fake.person, { login: 'jo-smith', name: 'Jo Smith' });
        fake.emails = [
          { email: 'smith@example.org', primary: true, verified: true, visibility: null },
        ];
      },
    };
  },
  facebook() {
    const fake = createFacebook();
    return {
      ...withSecret,
      fake,
      expected: person('https://www.facebook.com', '10220000000000001', 'none'),
      rename: () => Object.assign(fake.person, { name: 'Jo Smith', email: 'smith@example.org' }),
    };
  },
  apple() {
    const private_key = 'file:/run/secrets/AuthKey.p8';
    return {
      ...ofOidc(createApple(), 'https://appleid.apple.com', 'verified'),
      settings: { client_id: CLIENT_ID, private_key, ...APPLE_TEAM },
      secrets: { [private_key]: APPLE_PRIVATE_KEY },
      wrongSecrets: { [private_key]: newPrivateKey() },
    };
  },
  linkedin: () => ofOidc(createLinkedIn(), 'https://www.linkedin.com/oauth', 'none'),
  x() {
    const fake = createX();
    const renamed = { name: 'Jo Smith', username: 'smith', confirmed_email: 'smith@example.org' };
    return {
      ...withSecret,
      fake,
      expected: person('https://x.com', '2244994945', 'verified'),
      rename: () => Object.assign(fake.person, renamed),
    };
  },
  discord() {
    const fake = createDiscord();
    const renamed = { username: 'smith', global_name: null, email: 'smith@example.org' };
    return {
      ...withSecret,
      fake,
      expected: person('https://discord.com', '80351110224678912', 'verified'),
      rename: () => Object.assign(fake.person, renamed),
    };
  },
  entra: () =>
    ofEntra(createEntra({ tenant: CONTOSO, person: { acct: 0, xms_edov: '1' } }), {
      settings: { tenant: CONTOSO },
      issuer: `https://login.microsoftonline.com/${CONTOSO}/v2.0`,
      emailTrust: 'authoritative',
    }),
  'entra-external-id': () =>
    ofEntra(createExternalId({ person: { xms_edov: true } }), {
      settings: { tenant: CONTOSO, authority: 'https://contoso.ciamlogin.com' },
      issuer: `https://${CONTOSO}.ciamlogin.com/${CONTOSO}/v2.0`,
      emailTrust: 'verified',
    }),
  microsoft: () =>
    ofEntra(createEntra({ tenant: 'consumers' }), {
      settings: {},
      issuer: `https://login.microsoftonline.com/${PERSONAL}/v2.0`,
      emailTrust: 'verified',
    }),
  gitlab: () => ofOidc(createGitLab(), 'https://gitlab.com', 'verified'),
  oidc() {
    const issuer = 'https://login.example.org';
    const one = ofOidc(createOidc({ issuer }), issuer, 'verified');
    return { ...one, settings: { ...OUR_CLIENT, issuer, email_trust: 'verified' } };
  },
  oauth2() {
    const fake = createOAuth2();
    const renamed = { id: 42, mail: 'smith@example.org', mail_checked: true, label: 'Jo Smith' };
    return {
      ...withSecret,
      fake,
      settings: { ...OUR_CLIENT, ...OAUTH2_SETTINGS, email_trust: 'verified' },
      expected: person(`https://id.example.net/${CLIENT_ID}`, '42', 'verified'),
      rename() {
        fake.answer = { result: { user: renamed } };
      },
    };
  },
};

function ofOidc(fake: OidcFake, issuer: string, emailTrust: EmailTrust): KindCase {
  const { email, sub } = fake.person;
  return {
    ...withSecret,
    fake,
    expected: { issuer, subject: String(sub), email: String(email), emailTrust },
    rename: () =>
      Object.assign(fake.person, { email: 'smith@example.org', name: 'Jo Smith', given_name: 'J' }),
  };
}

function ofEntra(
  fake: EntraFake,
  one: { settings: object; issuer: string; emailTrust: EmailTrust },
): KindCase {
  const { emailTrust, issuer, settings } = one;
  const { email, oid, tid } = fake.person;
  return {
    ...withSecret,
    fake,
    settings: { ...OUR_CLIENT, ...settings },
    expected: { issuer, subject: `${tid}:${oid}`, email: String(email), emailTrust },
    rename: () =>
      Object.assign(fake.person, {
        ...{ email: 'smith@fabrikam.com', preferred_username: 'smith@fabrikam.com' },
        ...{ name: 'Jo Smith', sub: 'of-a-new-registration' },
      }),
  };
}

function person(issuer: string, subject: string, emailTrust: EmailTrust) {
  return { issuer, subject, email: 'jo@example.org', emailTrust };
}
