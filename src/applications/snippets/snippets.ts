// Ready-to-paste code of an application, in the languages that make sense for its kind.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Api } from '../../catalog/apis.ts';
import type { ApplicationKind } from '../../storage/applications.ts';
import type { Client } from '../../storage/clients.ts';
import { escapeFor, fillTemplate } from './fill-template.ts';
import { callableApis, type SnippetFacts, templateValues } from './snippet-facts.ts';

export const LANGUAGES = ['curl', 'node', 'python', 'go', 'java', 'csharp', 'browser'] as const;
export type SnippetLanguage = (typeof LANGUAGES)[number];

/** What each language is called, with the library that its code uses. */
export const LANGUAGE_TITLES: Record<SnippetLanguage, string> = {
  curl: 'curl',
  node: 'Node.js',
  python: 'Python',
  go: 'Go',
  java: 'Java',
  csharp: 'C#',
  browser: 'JavaScript',
};

interface Program {
  /** The name under which it is saved; its text is in views/snippets/<kind>/. */
  file: string;
  /** What the library is installed with; undefined: nothing to install. */
  install: string | undefined;
  run: string;
}

const node = (file: string): Program => ({
  ...{ file, install: 'npm install openid-client', run: `node ${file}` },
});
const python = (file: string, packages: string): Program => ({
  ...{ file, install: `pip install ${packages}`, run: `python3 ${file}` },
});
const go: Program = {
  file: 'main.go',
  install: 'go mod init client && go get golang.org/x/oauth2',
  run: 'go run .',
};
const java = (file: string): Program => ({ file, install: undefined, run: `java ${file}` });
const csharp: Program = {
  ...{ file: 'Program.cs', install: 'dotnet new console', run: 'dotnet run' },
};

const PROGRAMS: Record<ApplicationKind, Partial<Record<SnippetLanguage, Program>>> = {
  machine: {
    curl: { file: 'client.sh', install: undefined, run: 'sh client.sh' },
    node: node('client.mjs'),
    python: python('client.py', 'authlib requests'),
    ...{ go, java: java('Client.java'), csharp },
  },
  web: {
    node: node('server.mjs'),
    python: python('server.py', 'authlib flask requests'),
    ...{ go, java: java('Server.java'), csharp },
  },
  native: {
    node: node('client.mjs'),
    python: python('client.py', 'authlib requests'),
    ...{ go, java: java('Client.java'), csharp },
  },
  spa: {
    browser: {
      file: 'index.html',
      install: 'npm install oidc-client-ts',
      run: 'npx vite --port {{port}} --strictPort',
    },
  },
};

const SNIPPETS = fileURLToPath(new URL('../../../views/snippets', import.meta.url));
const SECRET_IN_SHELL = '"$CLIENT_SECRET"';

const templates = new Map<string, string>(
  Object.entries(PROGRAMS).flatMap(([kind, programs]) =>
    Object.values(programs).map(({ file }) => [`${kind}/${file}`, read(`${kind}/${file}`)]),
  ),
);
/** Fetches the token and no more: for an API that says nothing of where it is. */
const TOKEN_ONLY = read('machine/token.sh');

function read(path: string): string {
  return readFileSync(`${SNIPPETS}/${path}`, 'utf8');
}

export interface Snippet extends Program {
  language: SnippetLanguage;
  code: string;
}

/** The languages that there is code in for a kind of application, the usual one first. */
export function languagesOf(kind: ApplicationKind): SnippetLanguage[] {
  return LANGUAGES.filter((language) => PROGRAMS[kind][language]);
}

/** The code in a language; undefined when there is none for this kind of application. */
export function snippetOf(facts: SnippetFacts, language: SnippetLanguage): Snippet | undefined {
  const program = PROGRAMS[facts.kind][language];
  const template = program && templates.get(`${facts.kind}/${program.file}`);
  if (!program || template === undefined) return undefined;
  const values = templateValues(facts);
  return {
    ...program,
    language,
    run: fillTemplate(program.run, 'run.sh', values),
    code: fillTemplate(template, program.file, values),
  };
}

/**
 * The lines of curl that show a new machine application that everything works. They hold its secret,
 * and work as they are pasted: for the page that shows it, and no other. Undefined for an application
 * that gets no token by itself, or may call nothing yet.
 */
export function firstCommands(
  { issuer, apis }: { issuer: string; apis: Api[] },
  client: Client,
  secret: string | undefined,
): string | undefined {
  const [callable] = callableApis(apis, client);
  if (client.kind !== 'machine' || !callable || secret === undefined) return undefined;
  const facts: SnippetFacts = { issuer, kind: client.kind, client, callable };
  const code = callable.api.exampleUrl
    ? snippetOf(facts, 'curl')?.code
    : fillTemplate(TOKEN_ONLY, 'token.sh', templateValues(facts));
  return code?.replace(SECRET_IN_SHELL, () => `'${escapeFor('token.sh', secret)}'`);
}
