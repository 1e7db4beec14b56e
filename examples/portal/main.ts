// The example developer portal: a relying party that knows its authorization server by issuer only.
import { readConfig } from './config.ts';
import { serve } from './http/serve.ts';
import { createPortal } from './portal.ts';

const config = readConfig(process.env);

serve({
  name: 'Developer portal',
  handler: createPortal(config).callback(),
  port: config.port,
  portVariable: 'PORTAL_PORT',
  url: config.origin,
});
