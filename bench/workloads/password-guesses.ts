// Many people at the sign-in page at once, so that password hashes queue. They type what is wrong:
// that costs the same hash, and the page comes back to be filled in again.
import { formOf } from '../browser.ts';
import { newBrowser } from '../person.ts';
import { authorizePath } from '../requests.ts';
import type { Spot } from '../stage.ts';
import { expectStatus, someNetwork } from '../target.ts';

/** Keeps `people` sign-ins under way at a process until the function that is returned is called. */
export async function keepGuessing(
  { target, connection }: Spot,
  people: number,
): Promise<() => Promise<number>> {
  let over = false;
  let guesses = 0;
  const person = async (number: number) => {
    const browser = newBrowser(target, connection);
    const page = await browser.follow(authorizePath(target.clients.web, 'identity'));
    const { action, fields } = formOf(page);
    const guess = () =>
      browser.send(action, {
        // Throttling counts by network and by account: neither is what is measured.
        headers: { 'x-forwarded-for': someNetwork() },
        form: { ...fields, email: `nobody-${number}-${guesses}@example.com`, password: 'a guess' },
      });
    return async () => {
      for (; !over; guesses += 1) expectStatus(await guess(), 400);
    };
  };
  const all = await Promise.all(Array.from({ length: people }, (_, number) => person(number)));
  const done = Promise.all(all.map((goOn) => goOn()));
  return async () => {
    over = true;
    await done;
    return guesses;
  };
}
