/**
 * The service worker: opens the page where there is no network, and counts what passes.
 *
 * The page comes from the network while there is one, so that a gateway always shows its own. Questions,
 * answers and weights are never kept here.
 */

import { LISTS, PAGE, RUNTIME } from "./offline/caches.ts";
import { fits } from "./offline/kind.ts";
import { isRuntime, wayOf } from "./offline/route.ts";
import { type Passed, passedOf } from "./privacy/passed.ts";

/** Put in by the build: every address of the page, from its folder on, and a mark of them all. */
declare const __ASSETS__: readonly string[];
declare const __BUILD__: string;

const worker = self as unknown as ServiceWorkerGlobalScope;
const SCOPE = worker.registration.scope;
const OWN = PAGE + __BUILD__;
/** A network that is slower is none, for a page that is here already. */
const PATIENCE_MS = 3000;

worker.addEventListener("install", (event) => event.waitUntil(keepPage()));
worker.addEventListener("activate", (event) => event.waitUntil(takeOver()));
worker.addEventListener("message", (event) => {
  if (event.data === "renew") event.waitUntil(worker.skipWaiting());
});
worker.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  const way = wayOf(method, url, SCOPE);
  if (way !== "through") event.respondWith(answer(event, way));
  else tell(event, false);
});

/** All of it or nothing; a version that is kept already stays. */
async function keepPage(): Promise<void> {
  const isNew = !(await caches.has(OWN));
  const own = await caches.open(OWN);
  const wanted = __ASSETS__.filter((name) => !isRuntime(name));
  try {
    await Promise.all(wanted.map((name) => keepOne(own, name)));
  } catch (error) {
    if (isNew) await caches.delete(OWN);
    throw error;
  }
}

async function keepOne(own: Cache, name: string): Promise<void> {
  // Past the browser's own cache where the name does not tell the version.
  const request = new Request(new URL(name, SCOPE), { cache: "no-cache" });
  const answer = await fetch(request);
  if (!fits(request.url, answer)) throw new TypeError(`${name} is not what came (${answer.status}).`);
  await own.put(request, answer);
}

async function takeOver(): Promise<void> {
  const others = (await caches.keys()).filter((name) => name.startsWith(PAGE) && name !== OWN);
  // The latest stays one version longer: other tabs still run it, and may load more of it.
  for (const name of others.slice(0, -1)) await caches.delete(name);
  const runtime = await caches.open(RUNTIME);
  const current = new Set(__ASSETS__.map((name) => new URL(name, SCOPE).href));
  for (const request of await runtime.keys()) {
    if (!current.has(request.url)) await runtime.delete(request);
  }
  await worker.clients.claim();
}

async function answer(event: FetchEvent, way: "page" | "asset" | "fresh"): Promise<Response> {
  if (way === "asset") return asset(event);
  const fresh = await (way === "page" ? page(event) : list(event));
  const kept = fresh ? null : await keptOf(event.request, way);
  tell(event, !fresh);
  return fresh ?? kept ?? Response.error();
}

async function asset(event: FetchEvent): Promise<Response> {
  const kept = await caches.match(event.request, { ignoreVary: true });
  tell(event, kept !== undefined);
  if (kept) return kept;
  const fresh = await fetch(event.request);
  if (isRuntime(new URL(event.request.url).pathname)) keep(event, RUNTIME, fresh);
  return fresh;
}

/** null: there is no network, or a gateway that is not well. */
async function page({ request }: FetchEvent): Promise<Response | null> {
  const slow = new Promise<null>((wake) => setTimeout(wake, PATIENCE_MS, null));
  const fresh = await Promise.race([fetch(request).catch(() => null), slow]);
  return fresh && fresh.status < 500 ? fresh : null;
}

/** null: there is no network. A manifest may take minutes: the gateway may have to make it. */
async function list(event: FetchEvent): Promise<Response | null> {
  const fresh = await fetch(event.request).catch(() => null);
  if (fresh) keep(event, LISTS, fresh);
  return fresh;
}

async function keptOf(request: Request, way: "page" | "fresh"): Promise<Response | null> {
  const found = way === "page" ? caches.open(OWN).then((own) => own.match(SCOPE)) : match(request);
  return (await found) ?? null;
}

async function match(request: Request): Promise<Response | undefined> {
  return (await caches.open(LISTS)).match(request.url, { ignoreVary: true });
}

function keep(event: FetchEvent, name: string, fresh: Response): void {
  if (!fits(event.request.url, fresh)) return;
  const copy = fresh.clone();
  const kept = caches.open(name).then((cache) => cache.put(event.request.url, copy));
  // No room: then it is not there offline, and nothing else is wrong.
  event.waitUntil(kept.catch(() => undefined));
}

/** Tells the page that asked; of a worker it is not known whose it is, so every page is told. */
function tell(event: FetchEvent, kept: boolean): void {
  if (event.request.mode === "navigate") return;
  event.waitUntil(send(passedOf(event.request, kept), event.clientId));
}

async function send(passed: Passed, clientId: string): Promise<void> {
  const asker = await worker.clients.get(clientId);
  const pages =
    asker?.type === "window" ? [asker] : await worker.clients.matchAll({ type: "window" });
  for (const page of pages) page.postMessage(passed);
}
