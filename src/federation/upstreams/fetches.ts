// The fetch of each connector: what it could not have is a Refusal like any other of the upstream.
import { createOutgoingFetch, type OutgoingFetch } from '../../http/outgoing/outgoing-fetch.ts';
import { OutgoingTrouble } from '../../http/outgoing/outgoing-trouble.ts';
import { Refusal } from '../connector.ts';
import type { Connector } from '../connectors.ts';

/** The fetch of each connector: private networks are open to those that are set so, or all to the demo. */
export function createFetches(policy: {
  privateNetwork: boolean;
  insecure: boolean;
}): (connector: Pick<Connector, 'settings'>) => OutgoingFetch {
  const guarded = createUpstreamFetch(policy);
  const open = createUpstreamFetch({ ...policy, privateNetwork: true });
  return ({ settings }) => (settings.private_network ? open : guarded);
}

function createUpstreamFetch(policy: {
  privateNetwork: boolean;
  insecure: boolean;
}): OutgoingFetch {
  const fetch = createOutgoingFetch(policy);
  return async (url, options) => {
    try {
      return await fetch(url, options);
    } catch (error) {
      if (!(error instanceof OutgoingTrouble)) throw error;
      throw new Refusal('unavailable', error.message, { cause: error.cause });
    }
  };
}
