// What an endpoint of the developer's API is: its address, what it needs, what it takes and answers,
// and the work itself. The router and the OpenAPI document are both made from it.
import type { z } from 'zod';
import type { Account } from '../accounts/account.ts';
import type { Actor } from '../applications/actor.ts';
import type { ApplicationDeps } from '../applications/create-application.ts';
import type { Catalog } from '../catalog/apis.ts';
import type { OwnScope } from '../catalog/own-api.ts';

export interface ApiDeps extends ApplicationDeps {
  issuer: string;
  catalog: Catalog;
  encryptionKeys: Buffer[];
}

/** A request that may be worked on. */
export interface Call<Query, Body> {
  account: Account;
  actor: Actor & { accountId: string };
  clientId: string;
  scopes: string[];
  /** What stands in the path at `{name}`. */
  params: Record<string, string>;
  query: Query;
  body: Body;
}

export interface Answer {
  body?: unknown;
  /** Of what was created, below `/api/v1`. */
  location?: string;
}

interface Definition<Query extends z.ZodObject, Body extends z.ZodObject> {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/api/v1`, such as `/me/applications/{id}`. */
  path: string;
  /** The operationId. */
  name: string;
  summary: string;
  description?: string;
  scope: OwnScope;
  query: Query;
  /** Of POST and PATCH; strict, so that what it does not know is refused by name. */
  body: Body;
  /** The status of success, and what is answered then (nothing with 204). */
  status: 200 | 201 | 202 | 204;
  answer?: z.ZodType;
  /** What can go wrong beyond 400, 401, 403 and 429. */
  refusals?: (404 | 409)[];
  work(deps: ApiDeps, call: Call<z.infer<Query>, z.infer<Body>>): Promise<Answer>;
}

/** An endpoint whose query and body the router parses by its schemas. */
export type Endpoint = Omit<Definition<z.ZodObject, z.ZodObject>, 'work'> & {
  work(deps: ApiDeps, call: Call<unknown, unknown>): Promise<Answer>;
};

/** Defines an endpoint; what its work is given has the types of its schemas. */
export function endpoint<Query extends z.ZodObject, Body extends z.ZodObject>(
  definition: Definition<Query, Body>,
): Endpoint {
  // Only the router calls it, with what these very schemas have parsed.
  return definition as unknown as Endpoint;
}
