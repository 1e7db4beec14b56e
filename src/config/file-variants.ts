// Settings that come from files, as container secrets do.
import { readFileSync } from 'node:fs';

type Environment = Record<string, string | undefined>;

/** `NAME_FILE=path` supplies `NAME`, for each of `names`; what is wrong is added to `problems`. */
export function readFileVariants(
  environment: Environment,
  names: string[],
  problems: string[],
): Environment {
  const values: Environment = { ...environment };
  for (const name of names) {
    const path = environment[`${name}_FILE`];
    if (!path) continue;
    if (environment[name]) problems.push(`Set ${name} or ${name}_FILE, not both.`);
    try {
      values[name] = readFileSync(path, 'utf8').trim();
    } catch {
      problems.push(`${name}_FILE names ${path}, which cannot be read.`);
    }
  }
  return values;
}
