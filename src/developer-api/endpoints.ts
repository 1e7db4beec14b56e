// All endpoints of the developer's API.
import type { Endpoint } from './endpoint.ts';
import { APPLICATION_CHANGES } from './resources/application-changes.ts';
import { APPLICATIONS } from './resources/applications.ts';
import { CREDENTIALS } from './resources/credentials.ts';
import { ME } from './resources/me.ts';
import { MEMBERS } from './resources/members.ts';
import { PRODUCTS } from './resources/products.ts';
import { PROMOTION } from './resources/promotion.ts';
import { SUBSCRIPTIONS } from './resources/subscriptions.ts';

export const ENDPOINTS: Endpoint[] = [
  ...ME,
  ...PRODUCTS,
  ...APPLICATIONS,
  ...APPLICATION_CHANGES,
  ...MEMBERS,
  ...CREDENTIALS,
  ...SUBSCRIPTIONS,
  ...PROMOTION,
];
