// The demo's stand-ins: somebody without a browser of the graphic kind signs in by each of them.
import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { parse } from 'node-html-parser';
import type { DemoFile, DemoStandIn } from '../../src/demo/demo-file.ts';
import { type Agent, createAgent, type Page } from '../_agent.ts';
import { freePorts, readDemo, run, temporaryDirectory } from '../_process.ts';

const READY = 'Stop with Ctrl-C';

type Connector = DemoStandIn['connector'];

/** Whose address each stand-in vouches for. */
const PEOPLE: Record<Connector, { name: string; email: string }> = {
  microsoft: { name: 'Lena Brandt', email: 'lena.brandt@contoso.example' },
  google: { name: 'Priya Nair', email: 'priya.nair@northwind.example' },
  github: { name: 'Hana Kim', email: 'hana.kim@example.org' },
  apple: { name: 'Femi Adeyemi', email: 'stand-in-of-femi@privaterelay.appleid.com' },
};
const CONNECTORS: Connector[] = ['microsoft', 'google', 'github', 'apple'];

function createDemo(t: ExecutionContext) {
  const directory = temporaryDirectory();
  t.teardown(() => directory.remove());
  return async (options: { port?: number } = {}) => {
    const port = options.port ?? (await freePorts(7));
    const server = run({
      GATEHOUSE_DATA_DIR: directory.path,
      GATEHOUSE_PORT: String(port),
      GATEHOUSE_RATE_LIMITS: 'off',
    });
    t.teardown(() => server.stop());
    await server.says(READY);
    return { server, port, demo: readDemo(directory.path) };
  };
}

/** A browser that goes from the portal to the server, to the stand-ins and back. */
function createVisitor({ issuer, portal_url, stand_ins }: DemoFile): Agent {
  return createAgent(issuer, portal_url, ...stand_ins.map(({ url }) => url));
}

/** Presses the button of a connector on the sign-in page, on the way to the portal's account page. */
async function leaveFor(agent: Agent, demo: DemoFile, connector: Connector): Promise<Page> {
  const signIn = await agent.get(`${demo.portal_url}/signin?return_to=%2Faccount`);
  const button = signIn.html.querySelector(`a[href*="/federation/${connector}"]`);
  if (!button) throw new Error(`no button for ${connector} on ${signIn.url}:\n${signIn.text}`);
  return agent.get(new URL(button.getAttribute('href') ?? '', signIn.url).href);
}

/** Picks a person at a stand-in. */
async function pick(agent: Agent, page: Page, name: string): Promise<Page> {
  const buttons = page.html.querySelectorAll('button').map((one) => one.textContent.trim());
  const button = buttons.find((text) => text.includes(name));
  if (!button) throw new Error(`nobody called ${name} on ${page.url}:\n${page.text}`);
  const next = await agent.submit(page, button);
  // Apple answers with a form that sends itself where there are scripts.
  return next.html.querySelector('noscript button') ? agent.submit(next, 'Continue') : next;
}

/** Signs in from the portal and back to it. Returns what the portal knows of the person. */
async function signIn(demo: DemoFile, connector: Connector) {
  const agent = createVisitor(demo);
  const back = await pick(agent, await leaveFor(agent, demo, connector), PEOPLE[connector].name);
  // What stands in a <pre> is markup like any other.
  const html = parse(back.text, { blockTextElements: {} });
  const claims = html.querySelector('pre code')?.textContent;
  if (back.url !== `${demo.portal_url}/account` || !claims)
    throw new Error(`not back at the portal but at ${back.url} (${back.status}):\n${back.text}`);
  return JSON.parse(claims) as { sub: string; name: string; email: string };
}

test.serial(
  'each stand-in signs a person in, who is the same whatever is started anew',
  async (t) => {
    const start = createDemo(t);
    const { server, port, demo } = await start();
    const first = new Map<Connector, string>();
    for (const connector of CONNECTORS) {
      const claims = await signIn(demo, connector);
      t.like(claims, PEOPLE[connector], connector);
      first.set(connector, claims.sub);
    }
    t.is(new Set(first.values()).size, CONNECTORS.length);

    const expectSame = async (running: DemoFile, when: string) => {
      for (const connector of CONNECTORS)
        t.is(
          (await signIn(running, connector)).sub,
          first.get(connector) ?? '',
          `${connector} ${when}`,
        );
    };
    await expectSame(demo, 'the second time');
    await server.stop();
    const again = await start({ port });
    await expectSame(again.demo, 'after a restart');
    await again.server.stop();
    const moved = await start();
    t.not(moved.demo.issuer, demo.issuer);
    await expectSame(moved.demo, 'on other ports');
  },
);

test.serial(
  'a stand-in says what it is, lets one turn back, and stops with the demo',
  async (t) => {
    const { demo, server } = await createDemo(t)();
    t.regex(server.output(), /stand-ins on this machine/);
    t.deepEqual(
      demo.stand_ins.map(({ connector }) => connector),
      CONNECTORS,
    );
    for (const { connector, name, secret, url } of demo.stand_ins) {
      t.is(statSync(secret.replace(/^file:/, '')).mode & 0o777, 0o600, name);
      t.true(server.output().includes(url), name);
      const agent = createVisitor(demo);
      const page = await leaveFor(agent, demo, connector);
      t.true(page.url.startsWith(`${url}/`), name);
      t.regex(page.html.querySelector('[role=note]')?.textContent ?? '', /Stand-in, not /, name);
      t.regex(page.html.querySelector('title')?.textContent ?? '', /Stand-in/, name);
      t.true(page.text.includes(PEOPLE[connector].name), name);
      t.notRegex(page.text, /testuser|ghost|admin@localhost/, 'people of the emulator');
      const back = await agent.submit(page, 'Cancel');
      t.true(back.url.startsWith(`${demo.issuer}/interaction/`), back.url);
      t.is(back.html.querySelector('h1')?.textContent, 'Sign in', name);
      t.regex(back.text, new RegExp(`did not finish signing in with ${name}`));
    }
    t.is(await server.stop(), 0);
    for (const { url } of demo.stand_ins) await t.throwsAsync(fetch(url), undefined, url);
  },
);

test.serial('a stand-in whose port is taken listens on another', async (t) => {
  const port = await freePorts(7);
  const squatter = createServer();
  t.teardown(() => void squatter.close());
  await new Promise<void>((resolve) => squatter.listen(port + 4, '127.0.0.1', resolve));
  const { demo } = await createDemo(t)({ port });
  const google = demo.stand_ins.find(({ connector }) => connector === 'google');
  t.not(google?.url, `http://localhost:${port + 4}`);
  const page = await leaveFor(createVisitor(demo), demo, 'google');
  t.true(page.url.startsWith(`${google?.url}/`), page.url);
});
