// GET /: what this API is and how to call it, as JSON for programs and as a page for people.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Eta } from 'eta';
import type { Middleware } from 'koa';
import type { ApiConfig, Environment } from './config.ts';

const eta = new Eta({ views: join(import.meta.dirname, 'views'), cache: true });
const stylesheet = readFileSync(join(import.meta.dirname, 'static', 'welcome.css'), 'utf8');

/** Serves the description, in JSON unless the caller prefers HTML. */
export function describeApi(config: ApiConfig): Middleware {
  const description = {
    name: 'Contoso Orders API',
    about: `An example API. It accepts access tokens of ${config.issuer} and answers with the orders and with what it saw in the token.`,
    how: 'Get an access token for one of the audiences below and send it as "Authorization: Bearer <token>".',
    issuer: config.issuer,
    operations: (['sandbox', 'production'] as const).flatMap((environment) =>
      describeOperations(config, environment),
    ),
    example: `curl ${config.url}/sandbox/orders -H "Authorization: Bearer $TOKEN"`,
  };
  const page = eta.render('./welcome', description);
  return (ctx) => {
    ctx.vary('Accept');
    if (ctx.accepts('json', 'html') === 'html') {
      ctx.type = 'html';
      ctx.body = page;
    } else {
      ctx.body = description;
    }
  };
}

/** Serves the style sheet of that page. */
export const welcomeStylesheet: Middleware = (ctx) => {
  ctx.type = 'css';
  ctx.body = stylesheet;
};

function describeOperations({ url, audiences }: ApiConfig, environment: Environment) {
  const address = `${url}/${environment}/orders`;
  const audience = audiences[environment];
  return [
    { method: 'GET', url: address, scope: 'orders.read', audience, does: 'lists the orders' },
    {
      method: 'POST',
      url: address,
      scope: 'orders.write',
      audience,
      does: 'places an order: {"item": "Reading lamp", "quantity": 2}',
    },
  ];
}
