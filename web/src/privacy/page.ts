/** Import this first in the page: `ledger` has what left it from then on. */

import { type Seen, entryOf } from "./entry.ts";
import { Ledger } from "./ledger.ts";
import { observe } from "./observe.ts";
import { isPassed } from "./passed.ts";
import { receive } from "./relay.ts";
import { watch } from "./watch.ts";

export const ledger = new Ledger();

/** What none of the three witnesses can see: shown beside the count. */
export const UNSEEN: readonly string[] = [
  "What the browser does by itself: looking for a new version of this page, its icon, names of hosts.",
  "Browser extensions, other tabs, and everything outside the browser.",
  "Requests before this page's first script: its own files, which only the browser's record has.",
  "Threads of the model's runtime are seen by the service worker alone, which works from the second visit on; " +
    "it counts those of every tab of this page.",
  "What the gateway does with a question that was sent to it.",
];

function add(seen: Seen, from: string): void {
  ledger.add(entryOf(seen, from, new URL(location.href), performance.timeOrigin));
}

const tell = (seen: Seen) => add(seen, "page");
watch(tell, (made, name) => {
  if (name === "Worker") receive(made, add);
});
observe(tell);
listenToServiceWorker();
listenToNavigation();

function listenToServiceWorker(): void {
  const workers = navigator.serviceWorker;
  if (!workers) return;
  ledger.hasPassing = workers.controller !== null;
  workers.addEventListener("controllerchange", () => (ledger.hasPassing = true));
  workers.addEventListener("message", ({ data }) => {
    if (!isPassed(data)) return;
    const { address, kept, atMs } = data;
    tell({ witness: "passed", kind: data.destination || "fetch", address, kept, atMs });
  });
  workers.startMessages();
}

/** Leaving for another page can carry something too. */
function listenToNavigation(): void {
  const { navigation } = globalThis as { navigation?: EventTarget };
  navigation?.addEventListener("navigate", (event) => {
    const { url, sameDocument } = (event as Event & { destination: { url: string; sameDocument: boolean } })
      .destination;
    const atMs = performance.timeOrigin + event.timeStamp;
    if (!sameDocument) tell({ witness: "called", kind: "navigation", address: url, atMs });
  });
}
