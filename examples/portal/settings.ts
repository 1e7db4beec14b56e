// The portal's one setting: may visitors browse without signing in?
import type { Middleware } from 'koa';
import type { Sessions } from './sign-in/sessions.ts';

export type Settings = {
  /** "Redirect anonymous visitors to sign-in". In memory: off again after a restart. */
  redirectAnonymous: boolean;
};

// Steps of signing in cannot themselves ask for it; style sheets and icons are served before.
const ALWAYS_OPEN = /^\/(?:signin|signup|signout|callback|signin-oauth\/.*)$/;

/** While the setting is on, sends anonymous page requests to sign-in and later back to the page. */
export function redirectAnonymous(settings: Settings, sessions: Sessions): Middleware {
  return async (ctx, next) => {
    if (!settings.redirectAnonymous || ALWAYS_OPEN.test(ctx.path) || sessions.find(ctx)) {
      return next();
    }
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') ctx.throw(401, 'Sign in first.');
    ctx.redirect(`/signin?return_to=${encodeURIComponent(ctx.url)}`);
  };
}
