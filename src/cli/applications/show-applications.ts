// applications list and show.
import { loadAccount } from '../../accounts/block-account.ts';
import { stateOf } from '../../applications/pages/own-application.ts';
import { type ListedApplication, listApplications } from '../../storage/application-lists.ts';
import { findLogoDigest } from '../../storage/application-logos.ts';
import { listMembers, type Member } from '../../storage/application-members.ts';
import { type Application, findApplication } from '../../storage/applications.ts';
import { type Client, findApplicationClients } from '../../storage/clients.ts';
import { withInstallation } from '../open.ts';
import { formatTime, note, printFields, printJson, printTable } from '../print.ts';
import { unknownApplication } from './change-applications.ts';

/** Lists applications. */
export async function runList(filter: {
  json: boolean;
  limit: number;
  owner?: string | undefined;
  unverified: boolean;
}): Promise<void> {
  const { json, limit, owner, unverified } = filter;
  const found = await withInstallation(async ({ db }) => {
    const ownerId = owner === undefined ? undefined : (await loadAccount(db, owner)).id;
    return listApplications(db, { limit: limit + 1, ownerId, unverified });
  });
  const shown = found.slice(0, limit);
  if (found.length > limit) note(`There are more than ${limit}: --limit shows more.`);
  if (json) return printJson(shown.map(describeListed));
  printTable(
    ['ID', 'NAME', 'KIND', 'OWNER', 'STATE', 'VERIFIED', 'CREATED'],
    shown.map((application) => [
      application.id,
      application.name,
      application.kind,
      application.ownerEmail,
      stateOf(application),
      application.verifiedAt ? 'yes' : 'no',
      formatTime(application.createdAt),
    ]),
    'There are no such applications: developers create them at /applications.',
  );
}

function describeListed(application: ListedApplication & { ownerEmail: string }) {
  return {
    ...describe(application),
    owner: application.ownerEmail,
    environments: application.environments,
    logo: application.logoDigest ?? null,
  };
}

function describe(application: Application) {
  return {
    id: application.id,
    name: application.name,
    kind: application.kind,
    state: stateOf(application),
    suspended_reason: application.suspendedReason ?? null,
    description: application.description,
    homepage: application.homepage ?? null,
    created_at: application.createdAt,
    verified_at: application.verifiedAt ?? null,
    erase_at: application.eraseAt ?? null,
  };
}

interface Found {
  application: Application;
  members: Member[];
  clients: Client[];
  logo: string | undefined;
}

/** Shows one application. */
export async function runShow(id: string, { json }: { json: boolean }): Promise<void> {
  const found = await withInstallation(async ({ db }): Promise<Found> => {
    const application = await findApplication(db, id);
    if (!application) throw unknownApplication(id);
    const { sandbox, production } = await findApplicationClients(db, id);
    const clients = [sandbox, production].flatMap((client) => client ?? []);
    const logo = await findLogoDigest(db, id);
    return { application, members: await listMembers(db, id), clients, logo };
  });
  if (json) return printJson(describeFound(found));
  printFound(found);
}

function describeFound({ application, members, clients, logo }: Found) {
  return {
    ...describe(application),
    logo: logo ?? null,
    members: members.map(({ accountId, email, isOwner }) => ({
      ...{ account_id: accountId, email, owner: isOwner },
    })),
    clients: clients.map((client) => ({
      ...{ client_id: client.id, environment: client.environment },
      redirect_uris: client.redirectUris.map(({ uri }) => uri),
      subscriptions: client.application?.subscriptions.map(({ product, state }) => ({
        ...{ product: product.name, state },
      })),
    })),
  };
}

function printFound({ application, members, clients, logo }: Found): void {
  const { id, name, suspendedReason, verifiedAt, eraseAt } = application;
  printFields([
    ['id', id],
    ['name', name],
    ['kind', application.kind],
    ['state', suspendedReason ? `suspended: ${suspendedReason}` : stateOf(application)],
    ['description', application.description || '-'],
    ['homepage', application.homepage ?? '-'],
    ['logo', logo ? `/applications/logos/${logo}` : '-'],
    ['verified', verifiedAt ? formatTime(verifiedAt) : 'no'],
    ['members', members.map(({ email, isOwner }) => (isOwner ? `${email} (owner)` : email))],
    ['clients', clients.map((client) => `${client.id} (${client.environment})`)],
    ['created', formatTime(application.createdAt)],
    ...(eraseAt ? ([['erased', formatTime(eraseAt)]] satisfies [string, string][]) : []),
  ]);
  if (!verifiedAt)
    note(
      `If you checked that name and logo are theirs:\n  npx gatehouse applications verify ${id} --name '${name.replaceAll("'", "'\\''")}'${logo ? ` --logo ${logo}` : ''}`,
    );
}
