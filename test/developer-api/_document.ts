// The OpenAPI document as a list of operations, and requests that each of them would take.
import type { Server } from '../_installation.ts';

export interface Schema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  $ref?: string;
  additionalProperties?: unknown;
  minItems?: number;
}

interface Content {
  content?: { 'application/json': { schema: Schema } };
}

export interface Operation {
  method: string;
  path: string;
  name: string;
  /** What its token must have; undefined: it needs no token. */
  scope: string | undefined;
  body: Schema | undefined;
  /** By status. */
  answers: Record<string, Content & { $ref?: string }>;
}

interface OperationObject {
  operationId: string;
  security: { oauth?: string[] }[];
  requestBody?: Content;
  responses: Operation['answers'];
}

export interface ApiDocument {
  openapi: string;
  servers: { url: string }[];
  paths: Record<string, Record<string, OperationObject>>;
  components: { schemas: Record<string, Schema>; responses: Record<string, Content> };
}

/** Reads the document as anybody may. */
export async function readDocument({ issuer }: Pick<Server, 'issuer'>): Promise<ApiDocument> {
  const response = await fetch(`${issuer}/api/v1/openapi.json`);
  return (await response.json()) as ApiDocument;
}

/** All operations of the document. */
export function operationsOf({ paths }: ApiDocument): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...{ method: method.toUpperCase(), path, name: operation.operationId },
      scope: operation.security[0]?.oauth?.[0],
      body: operation.requestBody?.content?.['application/json'].schema,
      answers: operation.responses,
    })),
  );
}

/** The path with its `{names}` filled in; ids that are not given look like ids. */
export function fillIn(path: string, ids: Record<string, string>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? `none_${name}`);
}

/** A value that fits a schema, with every member that it knows; `ids` are put where ids belong. */
export function sampleOf(schema: Schema, ids: Record<string, unknown> = {}): unknown {
  const { enum: values, anyOf } = schema;
  if (values) return values[0];
  if (anyOf?.[0]) return sampleOf(anyOf[0], ids);
  const type = typeOf(schema);
  if (type === 'object') return sampleObject(schema, ids);
  if (type === 'array') return schema.minItems ? [sampleOf(schema.items ?? {}, ids)] : [];
  if (type === 'string') return 'https://stranger.example/x';
  return type === 'boolean' ? true : 60;
}

function sampleObject({ properties = {} }: Schema, ids: Record<string, unknown>) {
  return Object.fromEntries(
    Object.entries(properties).map(([name, member]) => [name, ids[name] ?? sampleOf(member, ids)]),
  );
}

function typeOf({ type = 'object' }: Schema): string | undefined {
  return typeof type === 'string' ? type : type[0];
}
