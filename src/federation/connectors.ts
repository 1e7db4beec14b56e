// The one map of connector kinds, and the connectors that are configured.
import { z } from 'zod';
import { UsageError } from '../errors.ts';
import { cacheUntilChanged } from '../storage/cache.ts';
import type { Changes } from '../storage/changes.ts';
import {
  type ConnectorRow,
  listConnectors,
  listProvenDomains,
  type ProvenDomain,
} from '../storage/connectors.ts';
import type { Database } from '../storage/database.ts';
import type { ConnectorKind } from './connector.ts';
import { apple } from './kinds/apple.ts';
import { discord } from './kinds/discord.ts';
import { entra } from './kinds/entra.ts';
import { entraExternalId } from './kinds/entra-external-id.ts';
import { facebook } from './kinds/facebook.ts';
import { github } from './kinds/github.ts';
import { gitlab } from './kinds/gitlab.ts';
import { google } from './kinds/google.ts';
import { linkedin } from './kinds/linkedin.ts';
import { microsoft } from './kinds/microsoft.ts';
import { oauth2 } from './kinds/oauth2.ts';
import { oidc } from './kinds/oidc.ts';
import { x } from './kinds/x.ts';
import { type CommonSettings, commonSettings } from './settings.ts';

/** Every kind of upstream by its name in the configuration. */
export const CONNECTOR_KINDS: Record<string, ConnectorKind> = {
  google,
  github,
  facebook,
  apple,
  linkedin,
  x,
  discord,
  gitlab,
  entra,
  'entra-external-id': entraExternalId,
  microsoft,
  oidc,
  oauth2,
};

type Settings = CommonSettings & Record<string, unknown>;

/** One configured upstream. */
export interface Connector {
  /** Part of the redirect URI. */
  id: string;
  /** What its button says. */
  name: string;
  enabled: boolean;
  kind: ConnectorKind;
  kindName: string;
  /** Those that all kinds have, and those of its own. */
  settings: Settings;
  /** Changes with every change of the configuration. */
  version: string;
}

export interface Connectors {
  /** In the order in which they were added, disabled ones too. */
  all(): Promise<Connector[]>;
  /** One that may be used: undefined when it is unknown or disabled. */
  findEnabled(id: string): Promise<Connector | undefined>;
  /** E-mail domains that lead to a connector. */
  domains(): Promise<ProvenDomain[]>;
}

/** The connectors of this installation, kept in memory until one changes. */
export function createConnectors(deps: {
  db: Database;
  changes: Changes;
  /** Told of a connector whose settings cannot be used: the others are. */
  onError: (error: unknown) => void;
}): Connectors {
  const load = cacheUntilChanged({
    changes: deps.changes,
    topic: 'connectors',
    maxEntries: 1,
    load: async () => (await listConnectors(deps.db)).flatMap((row) => readable(row, deps.onError)),
  });
  const loadDomains = cacheUntilChanged({
    changes: deps.changes,
    topic: 'connectors',
    maxEntries: 1,
    load: () => listProvenDomains(deps.db),
  });
  const all = () => load('all');
  return {
    all,
    domains: () => loadDomains('all'),
    findEnabled: async (id) => (await all()).find((one) => one.id === id && one.enabled),
  };
}

/** Checks settings and fills in what they leave out. Throws a UsageError that lists every problem. */
export function parseSettings(kindName: string, input: unknown): Settings {
  const parsed = schemaOf(kindName).safeParse(input, {
    error: ({ code, input: value }) =>
      code === 'invalid_type' && value === undefined ? 'is missing' : undefined,
  });
  const problems = parsed.success
    ? (kindOf(kindName).problems?.(parsed.data) ?? [])
    : parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'settings'}: ${message}`);
  if (parsed.success && problems.length === 0) return parsed.data;
  throw new UsageError(problems.map((problem) => `${problem}.`));
}

/** Maps a row to the connector that it configures. */
export function toConnector(row: ConnectorRow): Connector {
  return {
    ...{ id: row.id, name: row.name, enabled: row.enabled },
    kind: kindOf(row.kind),
    kindName: row.kind,
    settings: parseSettings(row.kind, row.settings),
    version: row.updated_at.toISOString(),
  };
}

// One that a later release no longer understands must not take the others with it.
function readable(row: ConnectorRow, onError: (error: unknown) => void): Connector[] {
  try {
    return [toConnector(row)];
  } catch (error) {
    onError(error);
    return [];
  }
}

/** Finds a kind by its name. Throws a UsageError when there is none. */
export function kindOf(name: string): ConnectorKind {
  const kind = Object.hasOwn(CONNECTOR_KINDS, name) ? CONNECTOR_KINDS[name] : undefined;
  if (kind) return kind;
  const known = Object.keys(CONNECTOR_KINDS).join(', ');
  throw new UsageError(`There is no kind of connector ${name}. The kinds: ${known}.`);
}

function schemaOf(kindName: string): z.ZodType<Settings> {
  return z.strictObject({ ...commonSettings.shape, ...kindOf(kindName).settings });
}
