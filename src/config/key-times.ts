// How long signing keys are published and used: the settings, and the least that is safe.
import { z } from 'zod';

/** How long signing keys are used and published, in seconds. */
export interface KeyTimes {
  /** Caches may keep the JWKS and the discovery documents for so long. */
  jwksCacheSeconds: number;
  /** A next key is published for so long before it signs. */
  publishSeconds: number;
  /** A retired key is published for so long after it signed last. */
  keepSeconds: number;
  /** A key signs for so long before it is replaced by schedule. */
  rotationSeconds: number;
}

const JWKS_CACHE_SECONDS = 300;
/** No API may have its tokens live longer. */
const LONGEST_TOKEN_SECONDS = 3600;
const DAY_SECONDS = 24 * 3600;
const WHOLE_NUMBER = z.coerce.number().int().min(0).max(1_000_000_000);

interface KeySetting {
  name: string;
  unit: string;
  least: number;
  why: string;
  fallback: number;
}

const KEY_SETTINGS = {
  publish: {
    name: 'GATEHOUSE_KEY_PUBLISH_SECONDS',
    unit: 'seconds',
    least: JWKS_CACHE_SECONDS,
    why: 'backends keep the JWKS for so long, and would not know the key that signs',
    fallback: DAY_SECONDS,
  },
  keep: {
    name: 'GATEHOUSE_KEY_KEEP_SECONDS',
    unit: 'seconds',
    least: JWKS_CACHE_SECONDS + LONGEST_TOKEN_SECONDS,
    why: 'the JWKS cache time and the longest access token, or tokens become invalid too early',
    fallback: DAY_SECONDS + LONGEST_TOKEN_SECONDS,
  },
  rotation: {
    name: 'GATEHOUSE_KEY_ROTATION_DAYS',
    unit: 'days',
    least: 1,
    why: 'keys are not made for less',
    fallback: 90,
  },
} satisfies Record<string, KeySetting>;

/** Reads the times; what is wrong with them goes to `problems`, in plain words. */
export function readKeyTimes(
  values: Record<string, string | undefined>,
  problems: string[],
): KeyTimes {
  const read = ({ name, unit, least, why, fallback }: KeySetting): number => {
    const parsed = WHOLE_NUMBER.safeParse(values[name] || fallback);
    if (!parsed.success) problems.push(`${name} must be a whole number of ${unit}.`);
    else if (parsed.data < least) problems.push(`${name} must be at least ${least}: ${why}.`);
    return parsed.data ?? fallback;
  };
  const { publish, keep, rotation } = KEY_SETTINGS;
  const publishSeconds = read(publish);
  const keepSeconds = read(keep);
  const rotationSeconds = read(rotation) * DAY_SECONDS;
  if (rotationSeconds <= publishSeconds)
    problems.push(
      `${rotation.name} must be longer than ${publish.name}: a key is published before it signs.`,
    );
  return { jwksCacheSeconds: JWKS_CACHE_SECONDS, publishSeconds, keepSeconds, rotationSeconds };
}
