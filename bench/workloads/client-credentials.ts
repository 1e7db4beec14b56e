// A machine asks for a JWT. RFC 6749 section 4.4.
import { requestTokens, tokenForm } from '../requests.ts';
import type { Algorithm } from '../scenario.ts';
import type { Workload } from './workload.ts';

export function clientCredentials(algorithm: Algorithm): Workload {
  const form = tokenForm.clientCredentials(algorithm);
  return {
    name: `cc-${algorithm.toLowerCase()}`,
    prepare:
      async ({ target, connection }) =>
      async () => {
        await requestTokens(connection, target.clients.machine, form);
        return true;
      },
  };
}
