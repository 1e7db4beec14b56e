// The reference of the one API that this portal presents.

export type Operation = {
  id: string;
  method: 'GET' | 'POST';
  path: string;
  summary: string;
  scope: string;
  /** A body that works, for operations that take one. */
  sampleBody?: string;
};

export type ApiReference = {
  id: string;
  name: string;
  version: string;
  summary: string;
  operations: Operation[];
  scopes: { name: string; meaning: string }[];
};

export const ORDERS_API: ApiReference = {
  id: 'orders',
  name: 'Orders',
  version: 'v1',
  summary: 'Place orders with Contoso and see how far they have come.',
  operations: [
    {
      id: 'list-orders',
      method: 'GET',
      path: '/orders',
      summary: 'List your orders',
      scope: 'orders.read',
    },
    {
      id: 'place-order',
      method: 'POST',
      path: '/orders',
      summary: 'Place an order',
      scope: 'orders.write',
      sampleBody: '{\n  "item": "Reading lamp",\n  "quantity": 2\n}',
    },
  ],
  scopes: [
    { name: 'orders.read', meaning: 'see orders' },
    { name: 'orders.write', meaning: 'place orders' },
  ],
};
