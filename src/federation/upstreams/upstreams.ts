// Ready clients of upstreams. What an upstream publishes is kept for an hour, and longer while it
// cannot be had anew: an upstream that is down for a while stops no sign-in that it need not stop.

import * as client from 'openid-client';
import type { OutgoingFetch } from '../../http/outgoing/outgoing-fetch.ts';
import type { Upstream } from '../connector.ts';
import type { Connector } from '../connectors.ts';
import { refusalOf } from '../refusals.ts';
import {
  type Documents,
  freshKeys,
  type KeptKeys,
  keepingKeys,
  recording,
  replaying,
} from './kept-documents.ts';
import { keepValue } from './kept-value.ts';

const KEYS_FRESH_MS = 5 * 60_000;
const KEYS_USABLE_MS = 24 * 3_600_000;
/** openid-client asks for the keys again when one is missing, but not within this time. */
const KEYS_COOLDOWN_SECONDS = 60;

/** A connector whose upstream was found: endpoints, keys and client authentication. */
export interface OpenUpstream extends Upstream<Record<string, unknown>> {
  configuration: client.Configuration;
}

export interface Upstreams {
  /** Throws a Refusal (`unavailable`, `misconfigured`) when the upstream cannot be used. */
  open(connector: Connector): Promise<OpenUpstream>;
}

/** What all upstreams of an installation share. */
export interface UpstreamDeps {
  /** Our own. */
  issuer: string;
  readSecret(reference: string): string;
  /** The fetch of one connector; private networks are open to those that are set so. */
  fetchFor(connector: Connector): OutgoingFetch;
  /** http and private networks are allowed: the demo and tests. */
  insecure: boolean;
}

interface Entry {
  version: string;
  documents: () => Promise<Documents>;
  keys: KeptKeys;
}

/** The redirect URI of a connector, to be registered with its upstream. */
export function redirectUriOf(issuer: string, connectorId: string): string {
  return `${issuer}/federation/${connectorId}/callback`;
}

/** Keeps what the upstream of each connector publishes, until the connector changes. */
export function createUpstreams(deps: UpstreamDeps, now = () => performance.now()): Upstreams {
  const entries = new Map<string, Entry>();

  const upstreamOf = (connector: Connector, fetch: OutgoingFetch) => ({
    settings: connector.settings,
    readSecret: deps.readSecret,
    fetch,
    redirectUri: redirectUriOf(deps.issuer, connector.id),
    insecure: deps.insecure,
  });

  const load = async (connector: Connector): Promise<Documents> => {
    const documents: Documents = new Map();
    const fetch = recording(deps.fetchFor(connector), documents);
    try {
      const configuration = await connector.kind.configure(upstreamOf(connector, fetch));
      // Keys have times of their own.
      documents.delete(configuration.serverMetadata().jwks_uri ?? '');
      return documents;
    } catch (error) {
      throw refusalOf(connector.kind, error);
    }
  };

  const entryOf = (connector: Connector): Entry => {
    const { id, version } = connector;
    const known = entries.get(id);
    if (known?.version === version) return known;
    const keys = { url: undefined, last: undefined, loading: undefined };
    const entry = { version, documents: keepValue(() => load(connector), now), keys };
    entries.set(id, entry);
    return entry;
  };

  return {
    async open(connector) {
      const { documents, keys } = entryOf(connector);
      const found = await documents();
      const time = { now, maxAge: KEYS_USABLE_MS };
      const fetch = replaying(keepingKeys(deps.fetchFor(connector), keys, time), found);
      const upstream = upstreamOf(connector, fetch);
      try {
        const configuration = await connector.kind.configure(upstream);
        keys.url = configuration.serverMetadata().jwks_uri;
        giveKeys(configuration, freshKeys(keys, now(), KEYS_FRESH_MS));
        return { ...upstream, configuration };
      } catch (error) {
        throw refusalOf(connector.kind, error);
      }
    },
  };
}

// Given as if they had been got before the cooldown: a key that is missing is asked for at once, so
// that nobody is turned away because the upstream has just changed its keys.
function giveKeys(configuration: client.Configuration, keys: ReturnType<typeof freshKeys>): void {
  if (!keys) return;
  const uat = Math.floor(Date.now() / 1000) - KEYS_COOLDOWN_SECONDS;
  client.setJwksCache(configuration, { jwks: keys, uat } as client.ExportedJWKSCache);
}
