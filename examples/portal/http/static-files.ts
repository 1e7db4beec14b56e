// The style sheet, the icon and the console's modules, read once at start.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Middleware } from 'koa';

/** Serves the files of one folder under `/static/`; browsers ask each time whether they changed. */
export function serveStaticFiles(folder: string): Middleware {
  const files = new Map(
    readdirSync(folder).map((name) => {
      const body = readFileSync(join(folder, name));
      const etag = createHash('sha256').update(body).digest('base64url').slice(0, 22);
      return [`/static/${name}`, { body, etag, type: extname(name) }];
    }),
  );
  return async (ctx, next) => {
    const file = files.get(ctx.path);
    if (file === undefined || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next();
    ctx.set('Cache-Control', 'no-cache');
    ctx.type = file.type;
    ctx.etag = file.etag;
    ctx.status = 200;
    if (ctx.fresh) ctx.status = 304;
    else ctx.body = file.body;
  };
}
