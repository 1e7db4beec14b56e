// What the pages under /applications need.
import type { SelfCareDeps } from '../../accounts/self-care/self-care.ts';
import type { Catalog } from '../../catalog/apis.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import type { ApplicationDeps } from '../create-application.ts';

export interface ApplicationPagesDeps extends SelfCareDeps, ApplicationDeps {
  catalog: Catalog;
  db: SelfCareDeps['db'];
  encryptionKeys: Buffer[];
  /** Invitations that one account sends: each is a mail. */
  memberInvitations: RateLimit;
}
