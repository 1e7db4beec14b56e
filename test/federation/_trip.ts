// A trip to a fake upstream, by the functions that the server's own flow uses.
import { authorizationUrl, redeemAnswer } from '../../src/federation/attempt.ts';
import type { AuthorizationHints, UpstreamIdentity } from '../../src/federation/connector.ts';
import { CONNECTOR_KINDS, type Connector, parseSettings } from '../../src/federation/connectors.ts';
import { refusalOf } from '../../src/federation/refusals.ts';
import { type OpenUpstream, redirectUriOf } from '../../src/federation/upstreams.ts';
import type { KindCase } from './upstreams/_every-kind.ts';
import { type Callback, type FakeUpstream, routeTo } from './upstreams/_fake.ts';

export interface Trip {
  connector: Pick<Connector, 'kind'>;
  upstream: OpenUpstream;
}

type Setup = Pick<KindCase, 'settings' | 'secrets'> & {
  fake: FakeUpstream;
  /** As in the demo. */
  insecure?: boolean;
};

/** Finds the upstream of a kind, as `settings` say. Throws a Refusal. */
export async function openUpstream(kindName: string, setup: Setup): Promise<Trip> {
  const kind = CONNECTOR_KINDS[kindName];
  if (!kind) throw new Error(`there is no kind ${kindName}`);
  const upstream = {
    settings: parseSettings(kindName, setup.settings),
    readSecret(reference: string) {
      const secret = setup.secrets[reference];
      if (secret === undefined) throw new Error(`there is no secret ${reference}`);
      return secret;
    },
    fetch: routeTo([setup.fake]),
    redirectUri: redirectUriOf('https://gatehouse.example', kindName),
    insecure: setup.insecure ?? false,
  };
  try {
    const configuration = await kind.configure(upstream);
    return { connector: { kind }, upstream: { ...upstream, configuration } };
  } catch (error) {
    throw refusalOf(kind, error);
  }
}

/** The request that leads the person there. */
export function leave({ connector, upstream }: Trip, hints: AuthorizationHints = {}) {
  return authorizationUrl(connector, upstream, hints);
}

/** There and back: who it is, or a Refusal. `onTheWay` changes what the browser brings back. */
export async function travel(
  kindName: string,
  setup: Setup,
  onTheWay: (fields: URLSearchParams) => void = () => {},
): Promise<UpstreamIdentity> {
  const trip = await openUpstream(kindName, setup);
  return goThereAndBack(trip, setup, onTheWay);
}

/** The same with an upstream that was found before. */
export async function goThereAndBack(
  trip: Trip,
  { fake }: Pick<Setup, 'fake'>,
  onTheWay: (fields: URLSearchParams) => void = () => {},
): Promise<UpstreamIdentity> {
  const { url, secrets } = await leave(trip);
  const fields = fieldsOf(await fake.authorize(url));
  onTheWay(fields);
  const { identity } = await redeemAnswer(trip.connector, trip.upstream, secrets, fields);
  return identity;
}

function fieldsOf({ body, url }: Callback): URLSearchParams {
  return body ?? new URL(url).searchParams;
}
