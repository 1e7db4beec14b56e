// House rules that no linter of ours has. The others: biome.json, .dependency-cruiser.js, knip.json.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

const files = readdirSync('src', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).replaceAll('\\', '/'));

test('no file and no folder of src is a drawer', (t) => {
  const drawer = /\/(utils?|helpers?|common|shared|lib|types|misc|index)[/.]/;
  t.true(files.length > 0);
  t.deepEqual(
    files.filter((file) => drawer.test(file)),
    [],
  );
});

const reserved: { rule: string; pattern: RegExp; allowed: RegExp }[] = [
  {
    rule: 'only src/config.ts reads process.env, by whatever door',
    pattern: /\bprocess\??\.env\b|\benv\b.*(from 'node:process'|= (globalThis\.)?process\b)/,
    allowed: /^src\/config\.ts$/,
  },
  {
    rule: 'only src/main.ts and the command line end the process',
    pattern: /\bprocess\??\.exit\(/,
    allowed: /^src\/(main|cli)\.ts$|^src\/cli\//,
  },
];
for (const { rule, pattern, allowed } of reserved) {
  test(rule, (t) => {
    const code = (file: string) => readFileSync(file, 'utf8').replace(/^ *(\/\/|\/?\*).*$/gm, '');
    const others = files.filter((file) => file.endsWith('.ts') && !allowed.test(file));
    t.deepEqual(
      others.filter((file) => pattern.test(code(file))),
      [],
    );
  });
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
  'dependencies' | 'optionalDependencies' | 'devDependencies',
  Record<string, string>
>;

test('every dependency has its line in docs/dependencies.md', (t) => {
  const { dependencies, optionalDependencies, devDependencies } = manifest;
  const known = readFileSync('docs/dependencies.md', 'utf8');
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies });
  t.deepEqual(
    names.filter((name) => !known.includes(`\`${name}\``)),
    [],
  );
});

test('the tests run on the Node that package.json pins', (t) => {
  t.is(process.version, `v${manifest.devDependencies['node']}`);
});
