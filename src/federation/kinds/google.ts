// Google accounts and Google Workspace.
import * as client from 'openid-client';
import { z } from 'zod';
import { type ConnectorKind, type EmailTrust, Refusal } from '../connector.ts';
import { present } from '../upstreams/authorization-hints.ts';
import {
  claimsOf,
  discover,
  isTrue,
  secretOf,
  secretProblems,
  standardIdentity,
  textOf,
} from '../upstreams/openid-upstream.ts';

const settings = {
  /** Another one is for stand-ins. */
  issuer: z.url({ protocol: /^https?$/ }).default('https://accounts.google.com'),
  /** Only accounts of this Workspace, by its primary domain. */
  hd: z.string().toLowerCase().min(3).optional(),
};

export const google: ConnectorKind<typeof settings> = {
  title: 'Google',
  settings,
  problems: secretProblems,
  scopes: ['openid', 'profile', 'email'],
  protocol: 'oidc',
  configure: (upstream) =>
    discover(upstream, upstream.settings.issuer, client.ClientSecretPost(secretOf(upstream))),
  authorizationParameters: ({ settings: { hd } }, hints) =>
    present({
      // It only preselects: the claim is what counts.
      hd: hd ?? hints.domainHint,
      login_hint: hints.loginHint,
      hl: hints.uiLocales?.split(' ')[0],
      // Google cannot be made to ask for the password.
      prompt: hints.prompt === undefined ? undefined : 'select_account',
    }),
  async readIdentity({ settings: { hd } }, { tokens }) {
    const claims = claimsOf(tokens);
    // A consumer account has no such claim, whatever its address looks like.
    const workspace = textOf(claims['hd'])?.toLowerCase();
    if (hd && workspace !== hd)
      throw new Refusal('not_admitted', `The account is not of the Workspace ${hd}.`);
    return { ...standardIdentity(claims), emailTrust: trustOf(claims, workspace) };
  },
};

// Anybody may have a Google account with an address of another house, which Google checked once.
function trustOf(claims: client.IDToken, workspace: string | undefined): EmailTrust {
  const email = textOf(claims['email'])?.toLowerCase();
  if (!email || !isTrue(claims['email_verified'])) return 'none';
  return email.endsWith('@gmail.com') || workspace ? 'authoritative' : 'verified';
}
