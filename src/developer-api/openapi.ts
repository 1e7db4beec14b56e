// The OpenAPI 3.1 document of the developer's API, made from the very endpoints that the router has.
import { z } from 'zod';
import { OWN_SCOPES, ownResource } from '../catalog/own-api.ts';
import { translatorOf } from '../http/i18n.ts';
import type { Endpoint } from './endpoint.ts';

/** Where the document itself is, below the prefix. */
export const DOCUMENT_PATH = '/openapi.json';

const problem = z
  .strictObject({
    error: z.string().describe('A stable word for programs.'),
    error_description: z.string().describe('What is wrong and what to do, for people.'),
    correlation_id: z.string().describe('Names this request in the log of the server.'),
  })
  .meta({ id: 'Problem' });

const REFUSALS: Record<number, string> = {
  400: 'The request is not what its schema says; unknown members are named.',
  401: 'There is no access token, or it is not valid here (RFC 6750).',
  403: 'The access token lacks the scope, which the challenge names.',
  404: 'There is no such thing, or it is not yours.',
  409: 'The state of the thing does not allow it.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  422: 'The idempotency key came with another request before.',
  429: 'Too many changes; Retry-After says when to try again.',
};

type JsonSchema = Record<string, unknown>;
/** Named schemas of the document. */
type Schemas = Record<string, JsonSchema>;

/** Builds the document. */
export function describeApi(issuer: string, endpoints: Endpoint[]): JsonSchema {
  const schemas: Schemas = {};
  const paths: Record<string, Record<string, unknown>> = {
    [DOCUMENT_PATH]: { get: documentOperation() },
  };
  for (const endpoint of endpoints) {
    const { path, method } = endpoint;
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(endpoint, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Gatehouse developer API',
      version: '1',
      description:
        'Applications, credentials and subscriptions of the person who allowed the access token. Ask for a token with the resource parameter set to the address of this API.',
    },
    servers: [{ url: ownResource(issuer) }],
    paths,
    components: {
      securitySchemes: { oauth: oauthScheme(issuer) },
      responses: responsesOf(schemas),
      schemas,
    },
  };
}

function operationOf(endpoint: Endpoint, schemas: Schemas): JsonSchema {
  const { name, summary, description, scope, method, status } = endpoint;
  const takesBody = method === 'POST' || method === 'PATCH';
  return {
    operationId: name,
    summary,
    ...(description ? { description } : {}),
    security: [{ oauth: [scope] }],
    parameters: [
      ...pathParameters(endpoint),
      ...queryParameters(endpoint, schemas),
      ...idempotency(method),
    ],
    ...(takesBody ? { requestBody: bodyOf(endpoint, schemas) } : {}),
    responses: { [status]: answerOf(endpoint, schemas), ...refusalsOf(endpoint) },
  };
}

function pathParameters({ path }: Endpoint): JsonSchema[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    ...{ name, in: 'path', required: true, schema: { type: 'string' } },
  }));
}

function queryParameters({ query }: Endpoint, schemas: Schemas): JsonSchema[] {
  const { properties = {}, required = [] } = toJson(query, 'input', schemas) as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    ...{ name, in: 'query', required: required.includes(name), schema },
  }));
}

function idempotency(method: string): JsonSchema[] {
  if (method !== 'POST') return [];
  const description =
    'A new random value for each thing to be done. Sent again with the same request within a day, it gets the same answer, secrets included, and nothing is done twice.';
  const schema = { type: 'string', minLength: 8, maxLength: 200 };
  return [{ name: 'Idempotency-Key', in: 'header', required: false, description, schema }];
}

function bodyOf({ body }: Endpoint, schemas: Schemas): JsonSchema {
  const required = !body.safeParse({}).success;
  return { required, content: { 'application/json': { schema: toJson(body, 'input', schemas) } } };
}

function answerOf({ answer, summary }: Endpoint, schemas: Schemas): JsonSchema {
  if (!answer) return { description: 'Done.' };
  const schema = toJson(answer, 'output', schemas);
  return { description: summary, content: { 'application/json': { schema } } };
}

function refusalsOf({ method, refusals = [] }: Endpoint): JsonSchema {
  const ofChanges = method === 'GET' ? [] : [413, 415, 429];
  const all = [400, 401, 403, ...refusals, ...ofChanges, ...(method === 'POST' ? [422] : [])];
  return Object.fromEntries(
    all.map((status) => [status, { $ref: `#/components/responses/${status}` }]),
  );
}

function responsesOf(schemas: Schemas): JsonSchema {
  const schema = toJson(problem, 'output', schemas);
  return Object.fromEntries(
    Object.entries(REFUSALS).map(([status, description]) => [
      status,
      { description, content: { 'application/json': { schema } } },
    ]),
  );
}

// Schemas with an id become named ones of the document: they are wrapped, so that the root may be one.
function toJson(schema: z.ZodType, io: 'input' | 'output', schemas: Schemas): JsonSchema {
  const wrapped = z.toJSONSchema(z.strictObject({ it: schema }), { io });
  const text = JSON.stringify(wrapped).replaceAll('"#/$defs/', '"#/components/schemas/');
  const { $defs = {}, properties } = JSON.parse(text);
  for (const [name, named] of Object.entries<JsonSchema>($defs)) {
    const { id: _, ...rest } = named;
    schemas[name] = rest;
  }
  return properties.it;
}

function oauthScheme(issuer: string): JsonSchema {
  const t = translatorOf('en');
  const scopes = OWN_SCOPES.map((scope) => [
    scope,
    t(`developer-api.scope-${scope.replace(':', '-')}`),
  ]);
  const flow = {
    authorizationUrl: `${issuer}/authorize`,
    tokenUrl: `${issuer}/token`,
    refreshUrl: `${issuer}/token`,
    scopes: Object.fromEntries(scopes),
  };
  return { type: 'oauth2', flows: { authorizationCode: flow } };
}

function documentOperation(): JsonSchema {
  return {
    ...{ operationId: 'getDocument', summary: 'This document.', security: [] },
    responses: {
      200: { description: 'The document.', content: { 'application/json': { schema: {} } } },
    },
  };
}
