// Sign-ins that are wrong, and the time that passes after them.
import type { Agent, Page } from '../_agent.ts';
import type { Server } from '../_installation.ts';
import { authorizeUrl } from '../_protocol.ts';

/** One attempt in this browser, whoever is signed in there. */
export async function attempt(
  gatehouse: Server,
  agent: Agent,
  account: { email: string; password: string },
): Promise<Page> {
  const again = { prompt: 'login' };
  const page = await agent.get(authorizeUrl(gatehouse, gatehouse.client('web'), again));
  return agent.submit(page, 'Sign in', account);
}

/** So many wrong passwords; returns the statuses. */
export async function guess(
  gatehouse: Server,
  agent: Agent,
  email: string,
  times: number,
): Promise<number[]> {
  const statuses: number[] = [];
  for (let n = 1; n <= times; n += 1)
    statuses.push((await attempt(gatehouse, agent, { email, password: `guess ${n}` })).status);
  return statuses;
}

/** Lets all waits be over, without waiting. */
export async function passTime(gatehouse: Server): Promise<void> {
  const query = await gatehouse.db.query();
  await query('attempts').update({ blocked_until: query.raw('clock_timestamp()') });
}
