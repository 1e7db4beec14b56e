// A trip to a fake upstream, by the functions that the server's own flow uses.
import { emailTrustOf } from '../../src/federation/admission.ts';
import { authorizationUrl, redeemAnswer } from '../../src/federation/attempts/attempt.ts';
import type { AuthorizationHints, UpstreamIdentity } from '../../src/federation/connector.ts';
import { type Connector, toConnector } from '../../src/federation/connectors.ts';
import { createUpstreams, type OpenUpstream } from '../../src/federation/upstreams/upstreams.ts';
import type { KindCase } from './upstreams/_every-kind.ts';
import { type Callback, type FakeUpstream, routeTo } from './upstreams/_fake.ts';

export interface Trip {
  connector: Connector;
  upstream: OpenUpstream;
  /** Opens it again, with what was kept of it. */
  reopen(): Promise<Trip>;
}

type Setup = Pick<KindCase, 'settings' | 'secrets'> & {
  fake: FakeUpstream;
  /** As in the demo. */
  insecure?: boolean;
};

/** Finds the upstream of a kind, as `settings` say. Throws a Refusal. */
export async function openUpstream(kindName: string, setup: Setup): Promise<Trip> {
  const upstreams = createUpstreams({
    issuer: 'https://gatehouse.example',
    readSecret(reference) {
      const secret = setup.secrets[reference];
      if (secret === undefined) throw new Error(`there is no secret ${reference}`);
      return secret;
    },
    fetchFor: () => routeTo([setup.fake]),
    insecure: setup.insecure ?? false,
  });
  const now = new Date();
  const row = {
    id: kindName,
    kind: kindName,
    name: kindName,
    enabled: true,
    settings: setup.settings,
  };
  const connector = toConnector({ ...row, created_at: now, updated_at: now });
  const open = async (): Promise<Trip> => ({
    connector,
    upstream: await upstreams.open(connector),
    reopen: open,
  });
  return open();
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
  // As far as the settings let it be believed.
  return { ...identity, emailTrust: emailTrustOf(trip.upstream, identity) };
}

function fieldsOf({ body, url }: Callback): URLSearchParams {
  return body ?? new URL(url).searchParams;
}
