// Trips to the fakes of Microsoft, with what nearly all of them have in common left out.
import type { AuthorizationHints, UpstreamIdentity } from '../../src/federation/connector.ts';
import { goThereAndBack, leave, openUpstream } from './_trip.ts';
import { CLIENT_SECRET } from './upstreams/_authorization-server.ts';
import { OUR_CLIENT } from './upstreams/_every-kind.ts';
import type { FakeUpstream } from './upstreams/_fake.ts';

export interface Trip {
  kind: string;
  /** Besides client_id and client_secret. */
  settings?: Record<string, unknown>;
  fake: FakeUpstream;
  /** By reference, besides that of the client. */
  secrets?: Record<string, string>;
  hints?: AuthorizationHints;
  /** As in the demo. */
  insecure?: boolean;
}

/** The connector with its upstream found. Throws a Refusal. */
export function open({ fake, insecure = false, kind, secrets, settings }: Trip) {
  return openUpstream(kind, {
    ...{ fake, insecure },
    settings: { ...OUR_CLIENT, ...settings },
    secrets: { [OUR_CLIENT.client_secret]: CLIENT_SECRET, ...secrets },
  });
}

/** Where the browser is sent. */
export async function addressOfTrip(trip: Trip): Promise<URL> {
  return (await leave(await open(trip), trip.hints)).url;
}

/** Who came back. Throws a Refusal. */
export async function travel(trip: Trip): Promise<UpstreamIdentity> {
  return goThereAndBack(await open(trip), trip);
}
