// The keys as this node sees them now: read again when news arrive, and looked at again when time
// alone changes them. What a node has seen is at most five seconds old, or it serves nothing that
// signs (protocol-host.ts): with the waits of key-times.ts no node signs with a key that another
// one does not publish.
import { setTimeout as wait } from 'node:timers/promises';
import type { Catalog } from '../../catalog/apis.ts';
import type { Changes } from '../../storage/changes.ts';
import { ensureSigningKeys } from './ensure-keys.ts';
import type { KeyDeps } from './key-times.ts';
import { isSameView, type KeyView, readKeyView } from './key-view.ts';

/** setTimeout takes no more. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A node that needs longer for the news is late: it must not go on with what it knew before. */
const MAX_RELOAD_MS = 4000;

/**
 * Makes sure that the keys exist and calls `use` with the view, and again whenever it is another.
 * A view that cannot be used fails the listener of the news, so that this node knows that it is late.
 */
export async function followKeys(
  deps: KeyDeps & { catalog: Catalog; changes: Changes; use: (view: KeyView) => void },
): Promise<{ close(): void }> {
  let used: KeyView | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const look = (viewNow: () => KeyView) => {
    clearTimeout(timer);
    if (closed) return;
    const view = viewNow();
    if (!used || !isSameView(used, view)) {
      deps.use(view);
      used = view;
    }
    if (Number.isFinite(view.changesInMs)) {
      const delay = Math.min(Math.ceil(view.changesInMs), MAX_TIMER_MS);
      timer = setTimeout(() => look(viewNow), delay).unref();
    }
  };

  const reload = async () => {
    const apis = await deps.catalog.all();
    await ensureSigningKeys(
      deps,
      apis.map(({ alg }) => alg),
    );
    look(await readKeyView(deps.db));
  };

  // One at a time, so that an older set of keys cannot replace a newer one.
  let last = reload();
  const reloadInTurn = () => {
    last = last.catch(() => undefined).then(reload);
    return inTime(last);
  };
  deps.changes.on('signing_keys', reloadInTurn);
  deps.changes.on('apis', reloadInTurn);
  await last;
  return {
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

async function inTime(reloading: Promise<void>): Promise<void> {
  const done = new AbortController();
  const tooLate = wait(MAX_RELOAD_MS, undefined, { ref: false, signal: done.signal }).then(() => {
    throw new Error('the signing keys could not be reloaded in time');
  });
  await Promise.race([reloading, tooLate]).finally(() => done.abort());
}
