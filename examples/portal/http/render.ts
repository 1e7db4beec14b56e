// Renders a view inside the layout with what every page shows: who is signed in and where we are.
import { Eta } from 'eta';
import type { Context } from 'koa';
import type { PortalConfig } from '../config.ts';
import type { Sessions } from '../sign-in/sessions.ts';

export type Render = (ctx: Context, view: string, data: Record<string, unknown>) => void;

export type RendererOptions = { folder: string; config: PortalConfig; sessions: Sessions };

/** Returns the function that answers with a page; `data.title` names it. */
export function createRenderer({ folder, config, sessions }: RendererOptions): Render {
  const eta = new Eta({ views: folder, cache: true });
  return (ctx, view, data) => {
    const session = sessions.find(ctx);
    ctx.type = 'html';
    ctx.body = eta.render(`./${view}`, {
      ...data,
      path: ctx.path,
      issuer: config.issuer,
      account: session?.account,
      csrf: session?.csrf,
      returnTo: encodeURIComponent(ctx.url),
    });
  };
}
