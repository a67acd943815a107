/** What keeping files needs of the browser, in one place, so that tests can stand in for it. */

import { Store } from "./store.ts";

export type Lock = <T>(name: string, work: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

export interface World {
  readonly fetch: typeof fetch;
  /** null, and why, where nothing can be kept. */
  store(): Promise<{ store: Store; why: "" } | { store: null; why: string }>;
  readonly lock: Lock;
  /** Bytes that may still be kept; null: not told. */
  freeBytes(): Promise<number | null>;
  readonly wait: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly nowMs: () => number;
}

export function browserWorld(): World {
  return {
    fetch: (...request) => globalThis.fetch(...request),
    store: openStore,
    lock: lockAmongTabs,
    freeBytes,
    wait,
    nowMs: () => Date.now(),
  };
}

async function openStore(): ReturnType<World["store"]> {
  if (!globalThis.navigator?.storage?.getDirectory) {
    const secure = globalThis.isSecureContext;
    return { store: null, why: secure ? "it has no private files for pages" : "the address is not secure" };
  }
  try {
    const root = await navigator.storage.getDirectory();
    return { store: await Store.open(root), why: "" };
  } catch (error) {
    // Private windows of some browsers.
    return { store: null, why: `it says: ${(error as Error).message}` };
  }
}

/** One tab at a time; the others wait, and then find the file. */
async function lockAmongTabs<T>(
  name: string,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  if (!navigator.locks) return work();
  return navigator.locks.request(name, signal ? { signal } : {}, work) as Promise<T>;
}

async function freeBytes(): Promise<number | null> {
  const { quota, usage } = await navigator.storage.estimate();
  return quota === undefined ? null : Math.max(0, quota - (usage ?? 0));
}

function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((wake, fail) => {
    const stop = () => {
      clearTimeout(timer);
      fail(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      wake();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

export function lockName(sha256: string): string {
  return `sprat-weights-${sha256}`;
}
