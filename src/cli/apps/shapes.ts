// What the developer's API answers, as far as the commands read it.
import { z } from 'zod';

const api = z.object({
  resource: z.string(),
  scopes: z.array(z.string()),
  example_url: z.string().nullable(),
});
const client = z.object({
  client_id: z.string(),
  token_endpoint_auth_method: z.string(),
  redirect_uris: z.array(z.string()),
  apis: z.array(api),
});

export const application = z.object({
  id: z.string(),
  kind: z.enum(['web', 'spa', 'native', 'machine']),
  name: z.string(),
  state: z.string(),
  erase_at: z.string().nullable(),
  clients: z.object({ sandbox: client.nullable(), production: client.nullable() }),
});
export const createdApplication = application.extend({ client_secret: z.string().nullable() });

export const product = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  approval: z.string(),
  apis: z.array(
    z.object({
      name: z.string(),
      environment: z.string(),
      scopes: z.array(z.object({ name: z.string() })),
    }),
  ),
});

export const subscription = z.object({
  id: z.string(),
  product_id: z.string(),
  environment: z.string(),
  state: z.string(),
});

export const credential = z.object({
  kind: z.enum(['secret', 'key']),
  id: z.string(),
  name: z.string(),
  hint: z.string(),
  state: z.string(),
  expires_at: z.string().nullable(),
});

export type Application = z.infer<typeof application>;
export type Product = z.infer<typeof product>;
export type Client = z.infer<typeof client>;
