// Runs dependency-cruiser over the repository and fails on a broken import rule, or when it saw too
// little of src/: it answers "no violations" also when its TypeScript is missing and it saw nothing.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { format, type ICruiseResult } from 'dependency-cruiser';

const leastModules = 40;
const folders = ['src', 'migrations', 'test', 'bench', 'examples'].filter((path) =>
  existsSync(path),
);

const cruise = spawnSync('depcruise', ['--output-type', 'json', ...folders], {
  encoding: 'utf8',
  maxBuffer: 2 ** 28,
});
if (cruise.stdout === '') throw new Error(`depcruise said nothing: ${cruise.stderr}`);

const result = JSON.parse(cruise.stdout) as ICruiseResult;
const report = await format(result, { outputType: 'err-long' });
console.log(report.output);

const seen = result.modules.filter((module) => module.source.startsWith('src/')).length;
console.log(`${seen} modules of src/ seen, more than ${leastModules} expected.`);
process.exitCode = report.exitCode === 0 && seen > leastModules ? 0 : 1;
