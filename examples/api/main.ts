// The example Orders API: a backend that accepts the access tokens of one issuer.
import { readConfig } from './config.ts';
import { createOrdersApi } from './orders-api.ts';
import { serve } from './serve.ts';

const config = readConfig(process.env);

serve({
  name: 'Orders API',
  handler: createOrdersApi(config).callback(),
  port: config.port,
  portVariable: 'API_PORT',
  url: config.url,
});
