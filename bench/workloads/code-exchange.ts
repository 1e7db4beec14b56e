// Codes, got beforehand by a person who is signed in already, are redeemed at full speed.
import { authorize } from '../person.ts';
import { requestTokens, tokenForm, type Wish } from '../requests.ts';
import type { Workload } from './workload.ts';

/** For each worker. A round ends early when they are used up: making one costs more than redeeming it. */
const CODES_A_SECOND = { identity: 28, api: 22 } as const;

export function codeExchange(name: string, wish: Wish): Workload {
  return {
    name,
    async prepare({ target, connection, seconds, signedIn }) {
      const { web } = target.clients;
      const browser = await signedIn();
      const codes: string[] = [];
      while (codes.length < seconds * CODES_A_SECOND[wish])
        codes.push(await authorize(browser, { target, client: web, wish }));
      return async () => {
        const code = codes.pop();
        if (code !== undefined) await requestTokens(connection, web, tokenForm.code(code));
        return code !== undefined;
      };
    },
  };
}
