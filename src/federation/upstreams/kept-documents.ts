// Documents that an upstream publishes about itself, kept as text: each sign-in has a client of its
// own, made of the same documents.

import { z } from 'zod';
import type { OutgoingFetch } from '../../http/outgoing/outgoing-fetch.ts';

interface Kept {
  text: string;
  type: string;
}

/** The documents with which a connector was configured, by address. */
export type Documents = Map<string, Kept>;

/** A fetch that keeps every document that it gets. */
export function recording(fetch: OutgoingFetch, documents: Documents): OutgoingFetch {
  return async (url, options) => {
    const response = await fetch(url, options);
    if (!response.ok || !isGet(options)) return response;
    const kept = await readDocument(response);
    documents.set(url, kept);
    return toResponse(kept);
  };
}

/** A fetch that answers from the documents, and asks for what is not among them. */
export function replaying(fetch: OutgoingFetch, documents: Documents): OutgoingFetch {
  return async (url, options) => {
    const kept = isGet(options) ? documents.get(url) : undefined;
    return kept ? toResponse(kept) : fetch(url, options);
  };
}

/** The keys of an upstream, as they were last seen. */
export interface KeptKeys {
  /** Where they are published; undefined while that is unknown, and of upstreams without any. */
  url: string | undefined;
  last: (Kept & { at: number }) | undefined;
  loading: Promise<Kept> | undefined;
}

// An upstream without any key has lost them for a moment.
const keySet = z.object({ keys: z.array(z.record(z.string(), z.unknown())).min(1) });

/** The key set, when it was seen at most `maxAge` ago. */
export function freshKeys({ last }: KeptKeys, now: number, maxAge: number) {
  return last && now - last.at < maxAge ? keySet.parse(JSON.parse(last.text)) : undefined;
}

/**
 * A fetch that gets keys anew, once for all who ask at the same time, and answers with those last
 * seen when the upstream does not have them ready and they are at most `maxAge` old.
 */
export function keepingKeys(
  fetch: OutgoingFetch,
  keys: KeptKeys,
  time: { now: () => number; maxAge: number },
): OutgoingFetch {
  const load = async (url: string, options: RequestInit | undefined): Promise<Kept> => {
    try {
      const response = await fetch(url, options);
      if (!response.ok) throw new Error(`the keys were answered with status ${response.status}`);
      const kept = await readDocument(response);
      keySet.parse(JSON.parse(kept.text));
      keys.last = { ...kept, at: time.now() };
      return kept;
    } catch (error) {
      if (keys.last && time.now() - keys.last.at < time.maxAge) return keys.last;
      throw error;
    }
  };
  return async (url, options) => {
    if (url !== keys.url || !isGet(options)) return fetch(url, options);
    keys.loading ??= load(url, options).finally(() => {
      keys.loading = undefined;
    });
    return toResponse(await keys.loading);
  };
}

const isGet = (options: RequestInit | undefined) => (options?.method ?? 'GET') === 'GET';

async function readDocument(response: Response): Promise<Kept> {
  return { text: await response.text(), type: response.headers.get('content-type') ?? '' };
}

function toResponse({ text, type }: Kept): Response {
  return new Response(text, { headers: { 'Content-Type': type } });
}
