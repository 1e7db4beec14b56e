// The orders themselves: a few that everyone sees, and those that each caller placed. In memory.
import type { Environment } from './config.ts';

export type Order = {
  id: string;
  item: string;
  quantity: number;
  status: 'received' | 'packed' | 'shipped';
  placed_at: string;
};

export type OrderBook = {
  list: (caller: string) => Order[];
  place: (caller: string, line: { item: string; quantity: number }) => Order;
};

const MAX_PLACED = 200;

const SAMPLES: Record<Environment, readonly Order[]> = {
  production: [
    {
      id: 'ord-1001',
      item: 'Flat-pack desk',
      quantity: 2,
      status: 'shipped',
      placed_at: '2026-01-12T09:30:00.000Z',
    },
    {
      id: 'ord-1002',
      item: 'Reading lamp',
      quantity: 12,
      status: 'packed',
      placed_at: '2026-01-14T16:05:00.000Z',
    },
  ],
  sandbox: [
    {
      id: 'test-1001',
      item: 'Sample desk',
      quantity: 1,
      status: 'received',
      placed_at: '2026-01-01T00:00:00.000Z',
    },
  ],
};

/** An order book that keeps the newest 200 placed orders and shows each caller only their own. */
export function createOrderBook(environment: Environment): OrderBook {
  const samples = SAMPLES[environment];
  const prefix = environment === 'production' ? 'ord' : 'test';
  const placed: { caller: string; order: Order }[] = [];
  let lastNumber = 2000;

  return {
    list: (caller) => [
      ...samples,
      ...placed.filter((entry) => entry.caller === caller).map((entry) => entry.order),
    ],
    place: (caller, { item, quantity }) => {
      lastNumber += 1;
      const order: Order = {
        id: `${prefix}-${lastNumber}`,
        item,
        quantity,
        status: 'received',
        placed_at: new Date().toISOString(),
      };
      placed.push({ caller, order });
      if (placed.length > MAX_PLACED) placed.shift();
      return order;
    },
  };
}

/** Reads `{ item, quantity }` from a parsed JSON body; returns a sentence when it is not that. */
export function readOrderLine(body: unknown): { item: string; quantity: number } | string {
  if (body === null || typeof body !== 'object') return 'Send a JSON object: {"item", "quantity"}.';
  const { item, quantity }: { item?: unknown; quantity?: unknown } = body;
  if (typeof item !== 'string' || item.trim() === '' || item.length > 100) {
    return 'item must be a text of 1 to 100 characters.';
  }
  if (
    typeof quantity !== 'number' ||
    !Number.isInteger(quantity) ||
    quantity < 1 ||
    quantity > 1000
  ) {
    return 'quantity must be a whole number from 1 to 1000.';
  }
  return { item: item.trim(), quantity };
}
