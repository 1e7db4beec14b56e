// What the credentials pages show.
import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import type { SelfCareDeps } from '../../accounts/self-care/self-care.ts';
import { translate } from '../../http/i18n.ts';
import { momentOf } from '../../http/moments.ts';
import type {
  CredentialClient,
  CredentialSummary,
  CredentialViews,
} from '../../http/views/credential.ts';
import { type Client, findApplicationClients } from '../../storage/clients.ts';
import { type Credential, listCredentials } from '../../storage/credentials.ts';
import type { Database } from '../../storage/database.ts';
import { doneNotice } from '../pages/developer-page.ts';
import { type OwnApplication, showApplicationPage } from '../pages/own-application.ts';
import { MAX_CREDENTIALS } from './add-credential.ts';

const DONE = ['key', 'published', 'retired', 'revoked', 'restored', 'renamed'] as const;
/** Of those that have ended, the newest are enough to recognise one. */
const ENDED_SHOWN = 5;

type CredentialsPage = CredentialViews['application/credentials'];

/** Renders the page; `refused` is why the last form was, and what was typed into it. */
export async function showCredentials(
  ctx: Context,
  deps: SelfCareDeps,
  own: OwnApplication,
  refused: Partial<Pick<CredentialsPage, 'alert' | 'typed'>> & { idempotencyKey?: string } = {},
): Promise<void> {
  const { sandbox, production } = await findApplicationClients(deps.db, own.application.id);
  const clients = [production, sandbox].flatMap((client) => client ?? []);
  await showApplicationPage(ctx, deps, own, {
    view: 'application/credentials',
    section: 'credentials',
    notice: doneNotice(ctx, 'credential', DONE),
    data: {
      idempotencyKey: refused.idempotencyKey || randomBytes(16).toString('hex'),
      isPublic: clients.every(({ authMethod }) => authMethod === 'none'),
      clients: await Promise.all(clients.map((client) => describeClient(ctx, deps.db, client))),
      most: MAX_CREDENTIALS,
      alert: refused.alert,
      typed: refused.typed,
    },
  });
}

/** A file of variables that a program reads at its start, named as `gatehouse apps` names them. */
export function environmentFile(values: {
  issuer: string;
  clientId: string;
  secret: string;
}): string {
  return [
    `GATEHOUSE_ISSUER=${values.issuer}`,
    `CLIENT_ID=${values.clientId}`,
    `CLIENT_SECRET=${values.secret}`,
    '',
  ].join('\n');
}

async function describeClient(
  ctx: Context,
  db: Database,
  client: Client,
): Promise<CredentialClient> {
  const found = await listCredentials(db, client.id);
  const ended = found.filter(({ state }) => state === 'ended').slice(0, ENDED_SHOWN);
  const shown = [...found.filter(({ state }) => state !== 'ended'), ...ended];
  return {
    environment: client.environment ?? 'sandbox',
    clientId: client.id,
    jwksUri: client.jwksUri,
    credentials: shown.map((credential) => describe(ctx, credential)),
  };
}

function describe(ctx: Context, credential: Credential): CredentialSummary {
  const { id, kind, hint, state, createdAt, createdBy, expiresAt, lastUsedAt } = credential;
  return {
    ...{ id, kind, hint, state, createdBy },
    name: nameOf(ctx, credential),
    created: momentOf(ctx, createdAt, { dateOnly: true }),
    expires: expiresAt && momentOf(ctx, expiresAt),
    lastUsed: lastUsedAt && {
      at: momentOf(ctx, lastUsedAt),
      network: credential.lastUsedNetwork ?? '',
    },
    idle: credential.isIdle && state === 'live',
  };
}

// Those that come with a client have a name that nobody chose.
function nameOf(ctx: Context, { name }: Credential): string {
  const given = ['first secret', 'first key'].includes(name);
  return given ? translate(ctx)(`credential.${name.replace(' ', '-')}`) : name;
}
