// Connections of ours to others. The address is checked when the connection is made: what a name meant
// before, or will mean next, does not matter (DNS rebinding).
import { type LookupAddress, promises } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { isReachable } from './reachable-addresses.ts';

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

/** A connection would have gone where none may go. */
class ForbiddenAddress extends Error {
  readonly code = 'FORBIDDEN_ADDRESS';
}

const CONNECTIONS_PER_ORIGIN = 20;
const CONNECT_TIMEOUT_MS = 5000;

/** The resolver of the machine, which reads /etc/hosts too. */
export const resolveName: Resolve = (hostname) => promises.lookup(hostname, { all: true });

/** An agent whose connections go to reachable addresses only, with a pool for each origin. */
export function createGuardedAgent(policy: { privateNetwork: boolean }, resolve: Resolve): Agent {
  const connectTo = buildConnector({
    timeout: CONNECT_TIMEOUT_MS,
    allowH2: false,
    lookup: guardedLookup(policy, resolve),
  });
  return new Agent({
    connections: CONNECTIONS_PER_ORIGIN,
    // Over HTTP/2 one connection would carry any number of requests.
    allowH2: false,
    connect(options, callback) {
      // An address needs no lookup.
      if (isIP(options.hostname) && !isReachable(options.hostname, policy))
        process.nextTick(callback, new ForbiddenAddress(), null);
      else connectTo(options, callback);
    },
  });
}

function guardedLookup(policy: { privateNetwork: boolean }, resolve: Resolve): LookupFunction {
  // One at a time for a name: a hanging lookup holds a thread that passwords and signatures share.
  const running = new Map<string, Promise<LookupAddress[]>>();
  const addressesOf = (hostname: string) => {
    const shared = running.get(hostname);
    if (shared) return shared;
    const lookup = resolve(hostname).finally(() => running.delete(hostname));
    running.set(hostname, lookup);
    return lookup;
  };
  return (hostname, { all }, callback) => {
    addressesOf(hostname).then(
      (addresses) => {
        const [first] = addresses;
        const reachable = addresses.every(({ address }) => isReachable(address, policy));
        if (!first || !reachable) callback(new ForbiddenAddress(), '');
        else if (all) callback(null, addresses);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ''),
    );
  };
}
