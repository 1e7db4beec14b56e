// Settings as the command line gives them: key=value, or JSON from a file or standard input.
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { UsageError } from '../../errors.ts';
import { parseSettings } from '../../federation/connectors.ts';

type Settings = Record<string, unknown>;

/**
 * Settings with assignments made to them. `key=` takes a setting away; `key.name=value` sets one entry
 * of a setting that has names, such as groups. A value is text where text fits, else JSON, else a
 * list separated by commas.
 */
export function assignSettings(kind: string, settings: Settings, assignments: string[]): Settings {
  let result = settings;
  for (const assignment of assignments) {
    const [, key, name, value] = /^([a-z_]+)(?:\.([^=]+))?=(.*)$/s.exec(assignment) ?? [];
    if (key === undefined || value === undefined) {
      throw new UsageError(
        `Write key=value, or key.name=value for one entry of a setting: ${JSON.stringify(assignment)} is neither.`,
      );
    }
    const before = result;
    const assign = (candidate: unknown) =>
      name === undefined
        ? withEntry(before, key, candidate)
        : withEntry(before, key, withEntry(asObject(before[key]), name, candidate));
    const fitting = candidatesOf(value).find((candidate) => fits(kind, assign(candidate), key));
    result = assign(value === '' ? undefined : (fitting ?? value));
  }
  return result;
}

/** Reads JSON from a file, or from standard input for `-`. */
export async function readJsonInput(path: string): Promise<unknown> {
  const name = path === '-' ? 'Standard input' : path;
  const content = await (path === '-' ? text(process.stdin) : readFile(path, 'utf8')).catch(() => {
    throw new UsageError(`${name} cannot be read.`);
  });
  try {
    return JSON.parse(content);
  } catch {
    // The parser's own sentence would quote what may be a secret.
    throw new UsageError(`${name} is not JSON.`);
  }
}

function candidatesOf(value: string): unknown[] {
  const list = value.split(',').map((part) => part.trim());
  try {
    return [value, JSON.parse(value), list];
  } catch {
    return [value, list];
  }
}

function fits(kind: string, settings: Settings, key: string): boolean {
  try {
    parseSettings(kind, settings);
    return true;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return !error.problems.some((problem) => /^[a-z_]+/.exec(problem)?.[0] === key);
  }
}

function withEntry(settings: Settings, key: string, value: unknown): Settings {
  const { [key]: _before, ...others } = settings;
  return value === undefined ? others : { ...others, [key]: value };
}

function asObject(value: unknown): Settings {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
