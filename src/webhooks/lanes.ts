// A receiver that hangs holds two lanes of a node's, not all of them.

const LANES = 2;

export interface Lanes {
  /** Runs work that asks a receiver. */
  run(webhookId: string, work: () => Promise<void>): Promise<void>;
  /** The webhooks that have all their lanes: the next deliveries to them wait. */
  full(): string[];
}

/** Counts what is under way in this process. Several that begin in the same moment may exceed it once. */
export function createLanes(): Lanes {
  const running = new Map<string, number>();
  const count = (id: string, change: number) => {
    const now = (running.get(id) ?? 0) + change;
    if (now > 0) running.set(id, now);
    else running.delete(id);
  };
  return {
    async run(webhookId, work) {
      count(webhookId, 1);
      await work().finally(() => count(webhookId, -1));
    },
    full: () => [...running].filter(([, count]) => count >= LANES).map(([id]) => id),
  };
}
