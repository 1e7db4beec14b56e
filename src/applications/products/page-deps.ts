// What the pages of products, subscriptions, promotion and approvals need.
import type { SelfCareDeps } from '../../accounts/self-care/self-care.ts';
import type { RegistrationDeps } from '../registration/register-client.ts';

export interface ProductPagesDeps extends SelfCareDeps, RegistrationDeps {
  db: SelfCareDeps['db'];
}
