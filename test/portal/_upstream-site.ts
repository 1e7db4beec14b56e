// The pages of an upstream, for real browsers: one that asks whether to go on, and a portal to end at.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FakeUpstream } from '../federation/upstreams/_fake.ts';

export interface UpstreamSite {
  origin: string;
  /** Where a portal gets its answer. */
  callback: string;
  /** The upstream whose pages these are. */
  show(fake: FakeUpstream): void;
  close(): void;
}

const page = (title: string, body: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${body}`;

const link = (text: string, href: string) =>
  `<p><a href="${href.replaceAll('&', '&amp;')}">${text}</a>`;

/** Serves them on a free port of loopback. */
export async function openUpstreamSite(): Promise<UpstreamSite> {
  let fake: FakeUpstream | undefined;
  const server = createServer((request, response) => void answer(request, response));
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '', origin);
    response.setHeader('content-type', 'text/html; charset=utf-8');
    if (url.pathname === '/portal') return void response.end(page('The portal', ''));
    if (url.pathname !== '/authorize' || !fake) return void response.writeHead(404).end();
    const [yes, no] = [await answerOf(fake, url), await answerOf(fake, url, true)];
    const hint = url.searchParams.get('login_hint') ?? '';
    response.end(page('The upstream', `<p>${hint}${link('Go on', yes)}${link('Turn back', no)}`));
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an address with a port.
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    // By another name, so that no policy takes the one for the other.
    ...{ origin, callback: `${origin.replace('127.0.0.1', 'localhost')}/portal` },
    show(shown) {
      fake = shown;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answerOf(fake: FakeUpstream, url: URL, turnsBack = false): Promise<string> {
  const { faults } = fake;
  if (turnsBack) fake.faults = { authorization: { error: 'access_denied' } };
  const answer = fake.authorize(url);
  fake.faults = faults;
  return (await answer).url;
}
