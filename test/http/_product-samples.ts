// The data that the tests of the pages of products, subscriptions and approvals show.
import type { ApplicationPage, DeveloperPage } from '../../src/http/views/application.ts';
import type { ProductViews } from '../../src/http/views/product.ts';

const moment = { iso: '2026-11-27T20:00:00.000Z', text: '27 Nov 2026, 20:00 UTC' };
const developer: DeveloperPage = {
  account: { name: 'Ada Lovelace', email: 'ada@example.com' },
  csrf: 'a"token',
  notice: 'Saved.',
};
const application: ApplicationPage['application'] = {
  ...{ id: 'app_1', name: 'Fabrikam Shipping', kind: 'web', verified: false },
  ...{ state: 'active', logoUrl: undefined },
};
const own = [
  {
    ...{ applicationId: 'app_1', applicationName: 'Fabrikam Shipping' },
    ...{ environment: 'sandbox' as const, state: 'active' as const },
  },
  {
    ...{ applicationId: 'app_2', applicationName: 'Nightly sync' },
    ...{ environment: 'production' as const, state: 'submitted' as const },
  },
];
const scopes = [
  { name: 'orders.read', description: 'See orders' },
  { name: 'orders.write', description: 'Place and change orders' },
];
const apis: ProductViews['product/product']['apis'] = [
  {
    ...{ name: 'Orders', environment: 'sandbox', suspended: true, scopes },
    audience: 'https://sandbox.api.example.com/orders',
  },
  {
    ...{ name: 'Orders', environment: 'production', suspended: false, scopes },
    audience: 'https://api.example.com/orders',
  },
];
const difference = [
  {
    name: 'Orders',
    sandbox: {
      audience: 'https://sandbox.api.example.com/orders',
      scopes: ['orders.read', 'orders.write'],
    },
    production: { audience: 'https://api.example.com/orders', scopes: ['orders.read'] },
  },
  {
    name: 'Stock',
    sandbox: undefined,
    production: { audience: 'https://api.example.com/stock', scopes: ['stock.read'] },
  },
];
const history = [
  { state: 'submitted' as const, by: 'Ada Lovelace', reason: '', at: moment },
  { state: 'rejected' as const, by: 'those who decide', reason: 'No contract yet.', at: moment },
];

export const productSamples: ProductViews = {
  'product/list': {
    ...developer,
    products: [
      {
        ...{ id: 'prd_1', name: 'Orders', approval: 'person', own },
        description: 'Read and place orders, from the first one to the last.',
      },
      { id: 'prd_2', name: 'Stock', description: '', approval: 'automatic', own: [] },
    ],
    ...{ search: 'o', next: '/products?after=Stock&search=o', decides: true },
  },
  'product/product': {
    ...developer,
    product: {
      ...{ id: 'prd_1', name: 'Orders', approval: 'person' },
      description: 'Read orders.\n\nPlace orders, too.',
    },
    apis,
    quota: { name: 'gold', perMinute: 60, perDay: undefined },
    ...{ lifetimeDays: 365, terms: 'Be kind.\n\nAlways.', own },
    applications: [{ id: 'app_3', name: 'Trucks' }],
  },
  'product/subscriptions': {
    ...developer,
    ...{ section: 'subscriptions', application, more: true },
    subscriptions: [
      {
        ...{ id: 'sub_1', product: 'Orders', environment: 'production', state: 'active' },
        ...{ note: 'For trucks.', since: moment, ends: moment, history },
      },
      {
        ...{ id: 'sub_2', product: 'Orders', environment: 'sandbox', state: 'cancelled' },
        ...{ note: '', since: moment, ends: undefined, history },
      },
    ],
  },
  'product/production': {
    ...developer,
    ...{ section: 'production', application, clientId: undefined },
    open: [{ product: 'Stock', state: 'submitted' }],
    products: [
      {
        ...{ id: 'prd_1', name: 'Orders', approval: 'person', lifetimeDays: 365 },
        ...{ terms: 'Be kind.\n\nAlways.', checked: true },
      },
      {
        ...{ id: 'prd_2', name: 'Invoices', approval: 'automatic', lifetimeDays: undefined },
        ...{ terms: undefined, checked: false },
      },
    ],
    difference,
    sandboxUris: ['http://localhost:3000/callback'],
    addresses: {
      redirectUris: 'http://orders.example.com/callback',
      ...{ postLogoutUris: '', corsOrigins: '' },
      errors: { redirect_uris: ['http://orders.example.com/callback: use https.'] },
    },
    ...{ note: 'For trucks.', termsAccepted: false },
    errors: { products: 'Choose at least one product.', terms: 'Accept the terms to go on.' },
  },
  'approval/list': {
    ...developer,
    state: 'submitted',
    requests: [
      {
        ...{ id: 'sub_1', application: 'Fabrikam Shipping', verified: false },
        ...{ product: 'Orders', since: moment, note: 'For trucks.' },
      },
      {
        ...{ id: 'sub_2', application: 'Nightly sync', verified: true },
        ...{ product: 'Stock', since: moment, note: '' },
      },
    ],
    next: '/approvals?state=submitted&after=sub_2',
  },
  'approval/request': {
    ...developer,
    request: {
      ...{ id: 'sub_1', state: 'submitted', environment: 'production' },
      ...{ note: 'For trucks.', since: moment, ends: moment },
    },
    application: {
      ...{ name: 'Fabrikam Shipping', kind: 'web', verified: false, inProduction: false },
      ...{ description: 'Ships orders', homepage: 'https://fabrikam.example.com/' },
      redirectUris: ['https://fabrikam.example.com/callback'],
    },
    members: ['ada@example.com', 'grace@example.com'],
    product: { id: 'prd_1', name: 'Orders', approval: 'person' },
    ...{ apis: apis.slice(1), difference, history },
    actions: ['approve', 'reject'],
    obstacle: 'You are one of the owners of this application.',
    ...{ error: 'Write why: the owners of the application read it.', reason: '' },
  },
};
