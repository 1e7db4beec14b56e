// The files under /assets: read once at start, served from memory, so no path can leave the directory.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Middleware } from 'koa';

/** One file as it is served; `version` is the hash that pages put into its URL. */
export interface Asset {
  body: Buffer;
  type: string;
  version: string;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
};

/** Scripts that packages bring for browsers, by the name under which they are served. */
const FROM_PACKAGES: Readonly<Record<string, URL>> = {
  'zxcvbn-core.js': new URL('zxcvbn-ts.js', import.meta.resolve('@zxcvbn-ts/core')),
  'zxcvbn-common.js': new URL('zxcvbn-ts.js', import.meta.resolve('@zxcvbn-ts/language-common')),
};

/**
 * Reads every file with a known extension in `directory`, and the scripts of packages, by file name.
 * Throws if one cannot be read.
 */
export function readAssets(directory: string): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const type = contentTypes[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    assets.set(entry.name, toAsset(readFileSync(join(directory, entry.name)), type));
  }
  for (const [name, url] of Object.entries(FROM_PACKAGES))
    assets.set(name, toAsset(readFileSync(url), contentTypes['.js'] ?? ''));
  return assets;
}

function toAsset(body: Buffer, type: string): Asset {
  const version = createHash('sha256').update(body).digest('base64url').slice(0, 16);
  return { body, type, version };
}

/**
 * Answers `GET` and `HEAD /assets/<name>`; everything else goes to the next middleware.
 * A URL that carries the current `v` may be kept for ever, any other is asked for again (RFC 9111, RFC 8246).
 */
export function serveAssets({ directory }: { directory: string }): Middleware {
  const assets = readAssets(directory);

  return async (ctx, next) => {
    const asset = ctx.path.startsWith('/assets/') ? assets.get(ctx.path.slice(8)) : undefined;
    if (asset === undefined || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next();

    const current = ctx.query['v'] === asset.version;
    ctx.set('Cache-Control', current ? 'public, max-age=31536000, immutable' : 'no-cache');
    ctx.set('X-Content-Type-Options', 'nosniff');
    ctx.etag = asset.version;
    ctx.status = 200;
    if (ctx.fresh) {
      ctx.status = 304;
      return;
    }
    ctx.type = asset.type;
    ctx.body = asset.body;
  };
}
