// Tenants of Microsoft Entra, and how settings name them.
import { z } from 'zod';

/** The tenant in which all personal Microsoft accounts live. */
export const PERSONAL_ACCOUNTS = '9188040d-6c67-4c5b-b112-36a304b66dad';

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DOMAIN = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/;

/** The immutable id of a tenant. */
export const tenantId = z.string().trim().toLowerCase().regex(GUID, 'must be a tenant ID (a GUID)');

/** One tenant by its id or a verified domain, or `common` or `organizations`. */
export const tenantName = z
  .string()
  .trim()
  .toLowerCase()
  .refine(
    (name) => isShared(name) || isTenantId(name) || DOMAIN.test(name),
    'must be a tenant ID, a verified domain, common or organizations: not an address, and personal accounts have the kind microsoft',
  );

/** Where an authority is: its origin alone, whatever was copied with a slash behind it. */
export const authorityOrigin = z
  .url({ protocol: /^https?$/ })
  .refine(
    (address) => new URL(address).href === `${new URL(address).origin}/`,
    'must be an origin such as https://login.microsoftonline.us, without the path of a tenant or of a discovery document',
  )
  .transform((address) => new URL(address).origin);

/** Whether a name stands for more than one tenant. */
export function isShared(tenant: string): boolean {
  return tenant === 'common' || tenant === 'organizations';
}

/** Whether it is the id of a tenant. */
export function isTenantId(text: string): boolean {
  return GUID.test(text);
}
