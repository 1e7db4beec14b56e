// Runs the README's commands: each block fenced as ```sh run, in order, in a fresh bash, against a
// demo that is already running. On its own (`node .ci/readme.ts`) it takes the demo on port 3000.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Where the demo stands when it is not where the README says it is. */
export interface Elsewhere {
  port: number;
  dataDir: string;
}

/** The text of each runnable block. */
export function runnableBlocks(markdown: string): string[] {
  return [...markdown.matchAll(/^```sh run *\n(.*?)^``` *$/gms)].map(([, text = '']) => text);
}

/** The README speaks of the default ports (server, portal, API) and of .gatehouse/. */
function relocate(block: string, { port, dataDir }: Elsewhere): string {
  return block
    .replace(
      /(?<=(localhost|127\.0\.0\.1):)300([012])\b/g,
      (_, _host, offset) => `${port + Number(offset)}`,
    )
    .replaceAll('.gatehouse/', `${dataDir}/`);
}

/** Returns the first block that failed, with what it printed; undefined when all went well. */
export function runReadme(elsewhere?: Elsewhere): string | undefined {
  const blocks = runnableBlocks(readFileSync('README.md', 'utf8'));
  if (blocks.length === 0) return 'README.md has no block fenced as ```sh run.';
  for (const block of blocks) {
    const script = elsewhere ? relocate(block, elsewhere) : block;
    const bash = spawnSync('bash', ['--noprofile', '--norc', '-euo', 'pipefail', '-c', script], {
      encoding: 'utf8',
      timeout: 60_000,
      // The command line finds the demo of its environment.
      env: {
        ...process.env,
        ...(elsewhere && {
          GATEHOUSE_DATA_DIR: elsewhere.dataDir,
          GATEHOUSE_PORT: String(elsewhere.port),
        }),
      },
    });
    if (bash.status !== 0) {
      const end = bash.error?.message ?? `exit code ${bash.status}`;
      return `${block}\n--- ended with ${end} and printed:\n${bash.stdout}${bash.stderr}`;
    }
  }
  console.log(`${blocks.length} blocks of README.md ran.`);
  return undefined;
}

if (import.meta.main) {
  const failure = runReadme();
  if (failure !== undefined) console.error(failure);
  process.exitCode = failure === undefined ? 0 : 1;
}
