// What a child process of a test is given of ours: where programs are, and, if there is such a place,
// where Node keeps what it compiled, which halves the start of each.

/** The environment that each test adds its own to. */
export function bareEnvironment(): Record<string, string> {
  const { PATH = '', NODE_COMPILE_CACHE } = process.env;
  return { PATH, ...(NODE_COMPILE_CACHE ? { NODE_COMPILE_CACHE } : {}) };
}
