// Control characters in parameters: no honest request has them, and PostgreSQL cannot store NUL.
import type { Middleware } from 'koa';
import { invalidRequest } from '../errors.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/** True when a text holds control characters other than tab and line ends. */
export function hasControlCharacters(text: string): boolean {
  return CONTROL.test(text);
}

/** Refuses query parameters with control characters (400) before anything reads them. */
export function refuseControlCharacters(): Middleware {
  return async function parameters(ctx, next) {
    for (const [name, value] of ctx.URL.searchParams) {
      if (hasControlCharacters(name) || hasControlCharacters(value))
        throw invalidRequest('A parameter of this request holds control characters.');
    }
    await next();
  };
}
