// Who may import whom, as data. `npm run check` runs it through .ci/cruise.ts, which also counts what it saw.
import { readFileSync } from 'node:fs';

/** What each room of src/ may import of ours besides itself. A new edge is one word here, with a reason in the commit. */
const rooms = {
  errors: [],
  config: ['errors'],
  storage: ['errors'],
  observability: ['storage', 'errors', 'config'],
  http: ['storage', 'observability', 'errors', 'config'],
  catalog: [],
  // Accounts write mails.
  accounts: ['mail'],
  mail: [],
  jobs: [],
  oidc: ['accounts', 'catalog', 'federation', 'applications'],
  federation: ['accounts', 'mail'],
  // Its pages are a signed-in person's own, and it writes mails.
  applications: ['catalog', 'accounts', 'mail'],
  'developer-api': ['applications', 'catalog', 'accounts'],
  webhooks: [],
  portals: ['applications', 'catalog', 'accounts'],
  admin: ['accounts', 'catalog', 'applications', 'portals'],
  'resource-server': [],
};
const domains = [
  ...['oidc', 'accounts', 'federation', 'catalog', 'applications'],
  ...['portals', 'admin', 'mail', 'jobs', 'developer-api', 'webhooks'],
];
const ground = ['storage', 'http', 'observability', 'errors', 'config'];

/** The files that cross rooms freely: they compose, they hold no logic of a room. */
const crossers = ['^src/(main|app|cli)\\.ts$', '^src/(app|cli|demo)/'];

/** A regular expression for rooms of src/, be they a file or a folder. */
const inRooms = (names) => `^src/(${names.join('|')})(/|\\.ts$)`;

/** A regular expression for packages, wherever npm put them or their types. */
const packages = (...names) => `(^|/)node_modules/(@types/)?(${names.join('|')})(/|$)`;

const roomRules = Object.entries(rooms).map(([room, neighbours]) => ({
  name: `${room}-knows-only-its-neighbours`,
  severity: 'error',
  comment: 'See the table `rooms` in .dependency-cruiser.js.',
  from: { path: inRooms([room]) },
  to: {
    path: '^src/',
    pathNot: inRooms([room, ...neighbours, ...(domains.includes(room) ? ground : [])]),
  },
}));

/** Who may import a package that belongs to one room: [rule, packages, where]. */
const owned = [
  ['only-storage-speaks-sql', ['knex', 'pg'], ['^src/storage/', '^migrations/', '^test/']],
  [
    'only-oidc-knows-the-engine',
    ['oidc-provider'],
    ['^src/oidc/', '^src/app\\.ts$', '^test/', '^bench/'],
  ],
  [
    'only-federation-is-a-client',
    ['openid-client'],
    // And `gatehouse login`, which is a client of this server on a developer's machine.
    ['^src/federation/', '^src/cli/login/', '^(test|bench|examples)/'],
  ],
  ['only-the-demo-has-stand-ins', ['emulate'], ['^src/demo/']],
];
const ownerRules = owned.map(([name, names, where]) => ({
  name,
  severity: 'error',
  comment: `${names.join(' and ')} may be imported from ${where.join(' ')} only.`,
  from: { pathNot: where },
  to: { path: packages(...names) },
}));

/** Packages without an exports map let any file be imported: only their entry is public. */
const readJson = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const { dependencies = {}, devDependencies = {} } = readJson('./package.json');
const deepRules = Object.keys({ ...dependencies, ...devDependencies }).flatMap((name) => {
  const { exports, main = 'index.js' } = readJson(`./node_modules/${name}/package.json`);
  if (exports !== undefined) return [];
  const entry = main.replace(/^\.\//, '').replaceAll('.', '\\.');
  return {
    name: 'no-deep-imports',
    severity: 'error',
    comment: `Only the entry of ${name} is its public API.`,
    from: {},
    to: {
      path: `(^|/)node_modules/${name}/`,
      // Some name their entry without its extension.
      pathNot: `(^|/)node_modules/${name}/${entry}(\\.js)?$`,
    },
  };
});

const houseRules = [
  {
    name: 'no-unknown-rooms',
    comment: 'A new folder or top-level file of src/ gets a row in the table `rooms` first.',
    from: { path: '^src/', pathNot: [...crossers, inRooms(Object.keys(rooms))] },
    to: {},
  },
  {
    name: 'nobody-else-s-routes',
    comment: 'Routes are mounted by app.ts and called over HTTP, never by another domain.',
    from: { path: '^src/([^/]+)/', pathNot: crossers },
    to: { path: '^src/.+[/-]routes\\.ts$', pathNot: '^src/$1/' },
  },
  {
    name: 'config-by-type-only',
    comment: 'Configuration is passed in; only the composing files read it.',
    from: { path: '^src/', pathNot: [...crossers, '^src/config\\.ts$'] },
    to: { path: '^src/config\\.ts$', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'main-is-the-end',
    comment: 'main.ts is started, never imported.',
    from: {},
    to: { path: '^src/main\\.ts$' },
  },
  {
    name: 'demo-stays-outside',
    comment: 'Only main and the CLI may start the demo: no production path leads into it.',
    from: { path: '^src/', pathNot: ['^src/(main|cli)\\.ts$', '^src/(cli|demo)/'] },
    to: { path: '^src/demo/' },
  },
  {
    name: 'resource-server-stands-alone',
    comment: 'It is published: jose and node built-ins only.',
    from: { path: '^src/resource-server/' },
    to: { pathNot: ['^src/resource-server/', packages('jose')], dependencyTypesNot: ['core'] },
  },
  {
    name: 'examples-are-strangers',
    comment: 'An example uses HTTP and published packages, as its reader will.',
    from: { path: '^examples/' },
    to: { path: '^src/', dependencyTypes: ['local'] },
  },
  {
    name: 'migrations-stand-still',
    comment: 'A migration that imports living code changes its meaning later.',
    from: { path: '^migrations/' },
    to: { path: '^(src|test|bench|examples)/' },
  },
  {
    name: 'src-imports-only-src',
    comment: 'The server does not know its tests, benchmarks, examples or migrations.',
    from: { path: '^src/' },
    to: { path: '^(test|bench|examples|migrations|\\.ci)/' },
  },
  {
    name: 'no-cycles',
    comment: 'Cut the cycle: pass a function, or move what both need below both.',
    from: {},
    to: { circular: true },
  },
  {
    name: 'no-barrels',
    comment: 'Import the file that has the thing.',
    from: {},
    to: { path: '^(src|migrations|test)/.*\\bindex\\.ts$' },
  },
  {
    name: 'no-dev-dependencies-at-run-time',
    comment: 'Move it to dependencies, with a line in docs/dependencies.md.',
    from: { path: '^(src|migrations)/' },
    to: {
      dependencyTypes: ['npm-dev'],
      dependencyTypesNot: ['type-only'],
      pathNot: '(^|/)node_modules/@types/',
    },
  },
  {
    name: 'no-undeclared-packages',
    comment: 'It is in no list of package.json: it may vanish with the next install.',
    from: {},
    to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
  },
  {
    name: 'no-unresolvable-imports',
    comment: 'The file or package is not there.',
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: 'no-orphans',
    comment: 'Nobody imports it and it imports nobody: delete it, or wire it in.',
    from: { orphan: true, path: '^(src|test)/', pathNot: '^src/(main|cli)\\.ts$|\\.test\\.ts$' },
    to: {},
  },
].map((rule) => ({ severity: 'error', ...rule }));

export default {
  forbidden: [...roomRules, ...ownerRules, ...deepRules, ...houseRules],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
};
