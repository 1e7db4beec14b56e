// What was stored beside what came back.
import type { ExecutionContext } from 'ava';

type Tree = Record<string, unknown>;

/**
 * Asserts that every expected field was found unchanged, but for the `withheld` paths (`field` or
 * `field.member`), which must not have come back.
 */
export function compareFields(
  t: ExecutionContext,
  found: unknown,
  expected: Tree,
  withheld: string[],
): void {
  const actual = Object.fromEntries(Object.entries(found ?? {}));
  const [left, right] = [structuredClone(actual), structuredClone(expected)];
  for (const path of withheld) {
    const value = takeAway(right, path);
    t.notDeepEqual(takeAway(left, path), value, `${path} is not withheld`);
  }
  const names = Object.keys(right);
  t.deepEqual(Object.fromEntries(names.map((name) => [name, left[name]])), right);
}

function takeAway(tree: Tree, path: string): unknown {
  const [name = '', ...rest] = path.split('.');
  const below = tree[name];
  if (rest.length > 0) return takeAway(Object(below), rest.join('.'));
  delete tree[name];
  return below;
}
