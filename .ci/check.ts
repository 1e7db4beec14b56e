// `npm run check`: every `check:*` script of package.json, in order. It goes on after a failure, so
// that one run tells all; the exit code remembers.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  scripts: Record<string, string>;
};
const names = Object.keys(scripts).filter((name) => name.startsWith('check:'));

const failed = names.filter((name) => {
  console.log(`\n--- ${name}: ${scripts[name]}`);
  return spawnSync('npm', ['run', '--silent', name], { stdio: 'inherit' }).status !== 0;
});

console.log(
  `\n${names.length - failed.length} checks passed, ${failed.length} checks failed` +
    (failed.length > 0 ? `: ${failed.join(', ')}` : ''),
);
process.exitCode = failed.length === 0 ? 0 : 1;
