// Telling every node that what clients may do has changed.
import type { Knex } from 'knex';
import { announce } from './changes.ts';

/** More are told as one: everybody reads anew what is in use. */
const MOST_BY_NAME = 50;

/** Tells of all clients that belong to an application, or to the applications that an account owns. */
export async function announceClients(
  query: Knex,
  of: { applicationId: string } | { ownerId: string },
): Promise<void> {
  const clients = query('clients')
    .select('clients.id')
    .limit(MOST_BY_NAME + 1);
  const rows: { id: string }[] =
    'applicationId' in of
      ? await clients.where({ application_id: of.applicationId })
      : await clients
          .join('applications', 'applications.id', 'clients.application_id')
          .where('applications.owner_id', of.ownerId);
  if (rows.length > MOST_BY_NAME) return announce(query, 'clients');
  for (const { id } of rows) await announce(query, 'clients', id);
}
