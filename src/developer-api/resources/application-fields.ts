// What can be said of an application and its clients. The policies behind have the last word.
import { z } from 'zod';

const uris = (what: string) =>
  z.array(z.string().max(2000, 'is too long')).max(50, 'are too many').describe(what);

export const addresses = {
  redirect_uris: uris('Where people are sent back to. A machine has none.'),
  post_logout_redirect_uris: uris('Where people may be sent after signing out.'),
  allowed_cors_origins: uris('Origins whose pages may call the token endpoint.'),
};

export const texts = {
  name: z.string().max(200, 'is too long'),
  description: z.string().max(5000, 'is too long'),
  homepage: z.string().max(2000, 'is too long').nullable(),
};
