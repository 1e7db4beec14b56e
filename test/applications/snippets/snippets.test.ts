// The code that developers paste, executed where its language is at hand: machine, web, native.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { fillTemplate } from '../../../src/applications/snippets/fill-template.ts';
import {
  firstCommands,
  languagesOf,
  snippetOf,
} from '../../../src/applications/snippets/snippets.ts';
import type { ApplicationKind } from '../../../src/storage/applications.ts';
import { createAgent } from '../../_agent.ts';
import { type Gatehouse, startGatehouse } from '../../_gatehouse.ts';
import { freePorts } from '../../_process.ts';
import { proceed } from '../../_protocol.ts';
import { addApplication } from '../_application.ts';
import { type OrdersApi, startOrdersApi } from './_orders.ts';
import { findRuntime, type Program, startProgram } from './_programs.ts';

let gatehouse: Gatehouse;
let orders: OrdersApi;

test.before(async () => {
  gatehouse = await startGatehouse();
  orders = await startOrdersApi(gatehouse);
});
test.after.always(async () => {
  orders?.stop();
  await gatehouse?.stop();
});

// Compiling may take its time where nothing was compiled before.
const PATIENCE_MS = 300_000;

async function factsOf(kind: ApplicationKind, redirectUris: string[]) {
  const { client, stored } = await addApplication(gatehouse, { kind, redirectUris });
  const callable = { api: orders.sandbox, scopes: ['orders.read', 'orders.write'] };
  return { secret: client.client_secret, facts: { ...gatehouse, kind, client: stored, callable } };
}

/** Runs the code of an application; `false`: its language is not at hand. */
async function runCode(
  t: ExecutionContext,
  {
    kind,
    language,
    redirectUris,
  }: { kind: ApplicationKind; language: string; redirectUris: string[] },
  use: (program: Program) => Promise<string>,
): Promise<void> {
  const known = languagesOf(kind).find((one) => one === language);
  if (!known) throw new Error(`no ${kind} code in ${language}`);
  const runtime = await findRuntime(known);
  if (typeof runtime === 'string') {
    t.log(`not run: ${runtime}`);
    t.pass();
    return;
  }
  const { facts, secret } = await factsOf(kind, redirectUris);
  const snippet = snippetOf(facts, known);
  if (!snippet) throw new Error('no code');
  if (secret) t.false(snippet.code.includes(secret));
  const program = await startProgram(snippet, runtime, secret);
  try {
    const said = await use(program);
    t.regex(said, /"environment":"sandbox"/);
    t.true(said.includes(`"client_id":"${facts.client.id}"`), said);
  } finally {
    program.remove();
  }
}

for (const language of languagesOf('machine')) {
  test.serial(`a machine application in ${language}`, async (t) => {
    t.timeout(PATIENCE_MS);
    await runCode(t, { kind: 'machine', language, redirectUris: [] }, ({ ended }) => ended);
  });
}

for (const language of languagesOf('web')) {
  test.serial(`a web application in ${language}`, async (t) => {
    t.timeout(PATIENCE_MS);
    const origin = `http://127.0.0.1:${await freePorts(1)}`;
    const redirectUris = [`${origin}/callback`];
    await runCode(t, { kind: 'web', language, redirectUris }, async (program) => {
      await program.says(/Open /);
      const browser = createAgent(gatehouse.issuer);
      const begun = await listening(() => browser.request(`${origin}/`));
      const asked = await browser.get(begun.headers.get('Location') ?? '');
      const page = await proceed(gatehouse, browser, asked);
      const back = page.headers.get('Location') ?? '';

      const stranger = await fetch(back);
      t.true(stranger.status >= 400, 'another browser cannot go on with it');
      return (await browser.request(back)).text();
    });
  });
}

for (const language of languagesOf('native')) {
  test.serial(`a native application in ${language}`, async (t) => {
    t.timeout(PATIENCE_MS);
    const redirectUris = ['http://127.0.0.1/callback'];
    await runCode(t, { kind: 'native', language, redirectUris }, async (program) => {
      const [, url = ''] = await program.says(/Open (\S+)\s/);
      const browser = createAgent(gatehouse.issuer);
      const page = await proceed(gatehouse, browser, await browser.get(url));
      const back = page.headers.get('Location') ?? '';
      t.regex(back, /^http:\/\/127\.0\.0\.1:\d+\/callback\?/);
      t.regex(await (await fetch(back)).text(), /You may close this window/);
      return program.ended;
    });
  });
}

/** A server may say that it starts a moment before it listens. */
async function listening(attempt: () => Promise<Response>): Promise<Response> {
  for (let left = 100; ; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

test.serial('the first commands of a new application need nothing else', async (t) => {
  const { client, stored } = await addApplication(gatehouse, { kind: 'machine' });
  const { client_secret: secret = '' } = client;
  const { issuer } = gatehouse;
  const commands = await commandsOf({ issuer, apis: [orders.sandbox] }, stored, secret);
  t.regex(commands.output, /"environment":"sandbox"/);
  t.true(commands.text.includes(secret));

  const nowhere = { issuer, apis: [{ ...orders.sandbox, exampleUrl: undefined }] };
  t.regex((await commandsOf(nowhere, stored, secret)).output, /^\{"access_token":/);
  t.is(firstCommands({ issuer, apis: [] }, stored, secret), undefined);
  t.is(firstCommands(nowhere, { ...stored, kind: 'web' }, secret), undefined);
});

async function commandsOf(...request: Parameters<typeof firstCommands>) {
  const code = firstCommands(...request) ?? '';
  const snippet = { install: undefined, file: 'pasted.sh', run: 'sh pasted.sh', code };
  const program = await startProgram({ ...snippet, language: 'curl' }, {}, undefined);
  const output = await program.ended;
  program.remove();
  return { text: code, output };
}

test('no value breaks out of its literal', async (t) => {
  const odd = 'a\'b"c\\u0022$(d)`e`</script>{{issuer}}$&';
  const fill = (template: string, file: string) =>
    fillTemplate(template, file, { odd, issuer: '' });
  const printed = async (command: string, args: string[]) => {
    const { stdout } = await promisify(execFile)(command, args);
    return stdout;
  };

  t.is(await printed('sh', ['-c', fill("printf %s '{{odd}}'", 'client.sh')]), odd);
  for (const file of ['client.mjs', 'index.html']) {
    const code = fill("process.stdout.write('{{odd}}')", file);
    t.is(await printed(process.execPath, ['-e', code]), odd);
    if (file === 'index.html') t.false(code.includes('</script>'));
  }
  // Without control characters, JSON writes text as these languages do.
  for (const file of ['client.py', 'main.go', 'Client.java', 'Program.cs'])
    t.is(fill('"{{odd}}"', file), JSON.stringify(odd));
  for (const value of ['a\nb', 'é', '\u202e', '\0'])
    t.throws(() => fillTemplate('{{value}}', 'client.sh', { value }), { message: /printable/ });
});

test('only an issuer of plain http is allowed to be one', async (t) => {
  const { facts } = await factsOf('machine', []);
  const http = snippetOf(facts, 'node')?.code ?? '';
  t.regex(http, /allowInsecureRequests\] }, \/\/ this issuer speaks plain http/);
  const https = snippetOf({ ...facts, issuer: 'https://auth.example.com' }, 'node')?.code ?? '';
  t.notRegex(https, /allowInsecure|@http/);
});

test('code that was not asked for does not exist', async (t) => {
  const { facts } = await factsOf('machine', []);
  t.is(snippetOf(facts, 'browser'), undefined);
});
