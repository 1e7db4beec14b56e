// The files under /assets and how long browsers may keep them.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import Koa from 'koa';
import { serveAssets } from '../../src/http/assets.ts';
import { createRender } from '../../src/http/render.ts';
import { samples } from './_view-samples.ts';

let server: Server;
let origin: string;

test.before(async () => {
  const render = createRender({
    viewsDirectory: 'views',
    productName: 'Gatehouse',
    demo: false,
    minPasswordLength: 15,
  });
  const app = new Koa();
  app.use(serveAssets({ directory: 'views/assets' }));
  app.use((ctx) => {
    if (ctx.path === '/') render(ctx, 'error', samples.error);
  });
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an address with a port.
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

test.after.always(() => {
  server?.close();
});

test('pages are not stored, and their assets may be kept as long as the hash is right', async (t) => {
  const page = await fetch(origin);
  t.is(page.headers.get('cache-control'), 'no-store');
  const [path = ''] = (await page.text()).match(/\/assets\/style\.css\?v=[\w-]+/) ?? [];
  const asset = await fetch(origin + path);
  t.is(asset.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  t.is(asset.headers.get('content-type'), 'text/css; charset=utf-8');
  t.is(asset.headers.get('x-content-type-options'), 'nosniff');
  const stale = await fetch(`${origin}/assets/style.css?v=old`, { method: 'HEAD' });
  t.is(stale.headers.get('cache-control'), 'no-cache');
  // Without a Cache-Control of its own, fetch asks with no-cache, which forbids the answer 304.
  const headers = {
    'If-None-Match': asset.headers.get('etag') ?? '',
    'Cache-Control': 'max-age=0',
  };
  t.is((await fetch(`${origin}/assets/style.css`, { headers })).status, 304);
});

test('nothing outside the assets is an asset', async (t) => {
  for (const path of [
    '/assets/..%2Flayout.eta',
    '/assets/constructor',
    '/assets/',
    '/assets/none.css',
  ]) {
    t.is((await fetch(origin + path)).status, 404, path);
  }
  const post = await fetch(`${origin}/assets/style.css`, { method: 'POST' });
  t.is(post.status, 404);
});
