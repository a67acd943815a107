/** The page's side of working offline. */

import { RUNTIME } from "./caches.ts";
import { fits } from "./kind.ts";
import { isRuntime } from "./route.ts";

export interface Offline {
  /** The page opens without a network from now on. */
  readonly ready: Promise<void>;
  /** Reload into the new version; other tabs go on with theirs until they are reloaded. */
  renew(): void;
}

/** How often a page that stays open looks for a new version. */
const LOOK_MS = 60 * 60 * 1000;

/**
 * `onNew` is called when another version of the page is here and waits for a reload.
 *
 * null: this browser, or this address, has no service workers; the page works all the same.
 */
export async function workOffline(onNew: () => void): Promise<Offline | null> {
  const workers = navigator.serviceWorker;
  if (!workers) return null;
  try {
    const registration = await workers.register(new URL("sw.js", document.baseURI), {
      updateViaCache: "none",
    });
    watch(registration, onNew);
    const ready = workers.ready.then(() => undefined);
    return { ready, renew: () => renew(workers, registration) };
  } catch {
    return null;
  }
}

/**
 * Keeps the compiled code that this page or worker has loaded: the first visit was before the service
 * worker. Call it in a worker when its model is loaded; it never fails.
 */
export async function keepRuntime(): Promise<void> {
  const loaded = new Set(performance.getEntriesByType("resource").map(({ name }) => name));
  try {
    const cache = await globalThis.caches?.open(RUNTIME);
    for (const address of cache ? [...loaded].filter(isOurs) : []) {
      if (!(await cache.match(address))) await keep(cache, address);
    }
  } catch {
    // No room, or a window that keeps nothing: then it is not there offline, and nothing else is wrong.
  }
}

async function keep(cache: Cache, address: string): Promise<void> {
  const answer = await fetch(address);
  if (fits(address, answer)) await cache.put(address, answer);
}

function isOurs(address: string): boolean {
  const { origin, pathname } = new URL(address);
  return origin === location.origin && isRuntime(pathname);
}

function watch(registration: ServiceWorkerRegistration, onNew: () => void): void {
  const look = () => {
    const coming = registration.installing;
    coming?.addEventListener("statechange", () => {
      if (coming.state === "installed" && navigator.serviceWorker.controller) onNew();
    });
  };
  registration.addEventListener("updatefound", look);
  if (registration.waiting && navigator.serviceWorker.controller) onNew();
  look();
  setInterval(() => void registration.update().catch(() => undefined), LOOK_MS);
}

function renew(workers: ServiceWorkerContainer, registration: ServiceWorkerRegistration): void {
  workers.addEventListener("controllerchange", () => location.reload(), { once: true });
  if (registration.waiting) registration.waiting.postMessage("renew");
  else location.reload();
}
