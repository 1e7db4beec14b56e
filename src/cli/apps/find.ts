// Applications and products by id or by name: people remember names.
import { z } from 'zod';
import { UsageError } from '../../errors.ts';
import { callApi } from './call-api.ts';
import { type Application, application, type Product, product } from './shapes.ts';

interface Server {
  issuer: string;
}

/** The application of an id or of a name that only one of yours has. Throws a UsageError. */
export async function findApplication(server: Server, text: string): Promise<Application> {
  if (text.startsWith('app_'))
    return application.parse(await callApi(server, 'GET', `/me/applications/${path(text)}`));
  const found = (await listApplications(server)).filter(({ name }) => name === text);
  return only(found, text, { what: 'application', command: 'apps list' });
}

/** The product of an id or a name. Throws a UsageError. */
export async function findProduct(server: Server, text: string): Promise<Product> {
  if (text.startsWith('prd_'))
    return product.parse(await callApi(server, 'GET', `/products/${path(text)}`));
  const sameName = ({ name }: Product) => name.toLowerCase() === text.toLowerCase();
  const found = (await listProducts(server, text)).filter(sameName);
  return only(found, text, { what: 'product', command: 'apps products' });
}

/** All applications of the developer. */
export function listApplications(server: Server): Promise<Application[]> {
  return readPages(server, '/me/applications?limit=100', application);
}

/** The products that the developer may subscribe to; `search` is somewhere in name or description. */
export function listProducts(server: Server, search?: string): Promise<Product[]> {
  const query = search === undefined ? '' : `&search=${encodeURIComponent(search)}`;
  return readPages(server, `/products?limit=100${query}`, product);
}

async function readPages<Item extends z.ZodType>(
  server: Server,
  address: string,
  item: Item,
): Promise<z.infer<Item>[]> {
  const page = z.object({ data: z.array(item), next_cursor: z.string().nullable() });
  const all: z.infer<Item>[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const more = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { data, next_cursor } = page.parse(await callApi(server, 'GET', `${address}${more}`));
    all.push(...data);
    cursor = next_cursor;
  }
  return all;
}

function only<Item extends { id: string }>(
  found: Item[],
  text: string,
  { what, command }: { what: string; command: string },
): Item {
  const [first, second] = found;
  if (first && !second) return first;
  throw new UsageError(
    first
      ? `Several of them are called ${text}: give the id of one (${found.map(({ id }) => id).join(', ')}).`
      : `There is no ${what} ${text}: \`gatehouse ${command}\` shows what there is.`,
  );
}

function path(id: string): string {
  return encodeURIComponent(id);
}
