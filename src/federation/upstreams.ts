// Ready clients of upstreams, one a connector, kept until its configuration changes.
import type { Configuration } from 'openid-client';
import type { OutgoingFetch, Upstream } from './connector.ts';
import type { Connector } from './connectors.ts';

/** A connector whose upstream was found: endpoints, keys and client authentication. */
export interface OpenUpstream extends Upstream<Record<string, unknown>> {
  configuration: Configuration;
}

export interface Upstreams {
  /** Throws a Refusal (`unavailable`, `misconfigured`) when the upstream cannot be used. */
  open(connector: Connector): Promise<OpenUpstream>;
}

/** What all upstreams of an installation share. */
export interface UpstreamDeps {
  issuer: string;
  readSecret(reference: string): string;
  /** The fetch of one connector; private networks are open to those that are set so. */
  fetchFor(connector: Connector): OutgoingFetch;
  /** http and private networks are allowed: the demo and tests. */
  insecure: boolean;
}

/** The redirect URI of a connector, to be registered with its upstream. */
export function redirectUriOf(issuer: string, connectorId: string): string {
  return `${issuer}/federation/${connectorId}/callback`;
}

/** Keeps each configuration for an hour. */
export function createUpstreams(deps: UpstreamDeps): Upstreams {
  return {
    async open(connector) {
      const upstream: Upstream<Record<string, unknown>> = {
        settings: connector.settings,
        readSecret: deps.readSecret,
        fetch: deps.fetchFor(connector),
        redirectUri: redirectUriOf(deps.issuer, connector.id),
        insecure: deps.insecure,
      };
      return { ...upstream, configuration: await connector.kind.configure(upstream) };
    },
  };
}
