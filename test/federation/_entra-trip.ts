// One trip to a fake upstream by the code that the flow uses: configure, authorize, redeem, read.
import { authorizationUrl, redeemAnswer } from '../../src/federation/attempt.ts';
import type { AuthorizationHints, UpstreamIdentity } from '../../src/federation/connector.ts';
import { type Connector, toConnector } from '../../src/federation/connectors.ts';
import { refusalOf } from '../../src/federation/refusals.ts';
import type { OpenUpstream } from '../../src/federation/upstreams.ts';
import { CLIENT_SECRET } from './upstreams/_authorization-server.ts';
import { type FakeUpstream, routeTo } from './upstreams/_fake.ts';
import { OUR_CLIENT } from './upstreams/_oidc.ts';

export interface Trip {
  kind: string;
  /** Besides client_id and client_secret. */
  settings?: Record<string, unknown>;
  fake: FakeUpstream;
  /** Secrets by reference, besides that of the client. */
  secrets?: Record<string, string>;
  hints?: AuthorizationHints;
  /** As in the demo. */
  insecure?: boolean;
}

const REDIRECT_URI = 'https://id.example.com/federation/one/callback';

/** The connector with its upstream found. Throws a Refusal. */
export async function open(trip: Trip): Promise<{ connector: Connector; upstream: OpenUpstream }> {
  const connector = toConnector({
    ...{ id: 'one', name: 'One', enabled: true, kind: trip.kind },
    settings: { ...OUR_CLIENT, ...trip.settings },
    ...{ created_at: new Date(), updated_at: new Date() },
  });
  const secrets: Record<string, string> = {
    [OUR_CLIENT.client_secret]: CLIENT_SECRET,
    ...trip.secrets,
  };
  const upstream = {
    settings: connector.settings,
    readSecret: (reference: string) => secrets[reference] ?? '',
    fetch: routeTo([trip.fake]),
    redirectUri: REDIRECT_URI,
    insecure: trip.insecure ?? false,
  };
  try {
    return {
      connector,
      upstream: { ...upstream, configuration: await connector.kind.configure(upstream) },
    };
  } catch (error) {
    throw refusalOf(connector.kind, error);
  }
}

/** Where the browser is sent. */
export async function addressOfTrip(trip: Trip): Promise<URL> {
  const { connector, upstream } = await open(trip);
  return (await authorizationUrl(connector, upstream, trip.hints ?? {})).url;
}

/** Who came back. Throws a Refusal. */
export async function travel(trip: Trip): Promise<UpstreamIdentity> {
  const { connector, upstream } = await open(trip);
  const { secrets, url } = await authorizationUrl(connector, upstream, trip.hints ?? {});
  const callback = await trip.fake.authorize(url);
  const answer = callback.body ?? new URL(callback.url).searchParams;
  return (await redeemAnswer(connector, upstream, secrets, answer)).identity;
}
