/**
 * How a worker's account reaches the page: in messages that only the watched `Worker` sees.
 *
 * They come before the worker's own, and are taken out: no protocol between page and worker knows of them.
 */

import type { Seen } from "./entry.ts";

interface Relayed {
  readonly sprat: "seen";
  readonly seen: Seen;
  readonly from: string;
}

export function relay(seen: Seen, from: string): void {
  postMessage({ sprat: "seen", seen, from } satisfies Relayed);
}

/** Listens to a worker that was made; `tell` is given what it saw, and the name of its script. */
export function receive(made: object, tell: (seen: Seen, from: string) => void): void {
  (made as EventTarget).addEventListener("message", (event) => {
    const { data } = event as MessageEvent<Partial<Relayed> | null>;
    if (data?.sprat !== "seen" || !data.seen || !data.from) return;
    event.stopImmediatePropagation();
    tell(data.seen, data.from);
  });
}

/** The name of a script, without what the build adds to it. */
export function scriptName(address: string): string {
  const file = address.split(/[?#]/)[0]?.split("/").at(-1) ?? "";
  return file.replace(/(?:-\w{8,})?\.\w+$/, "") || "worker";
}
