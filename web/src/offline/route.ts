/** What the service worker does with a request: very little, and nothing with what people write. */

export type Way =
  /** From the network, and the kept page where there is none. */
  | "page"
  /** Kept once, for ever: its name has its hash in it. */
  | "asset"
  /** From the network; the last answer where there is none. */
  | "fresh"
  /** Not touched: questions, answers, weights, everything else. */
  | "through";

/** Compiled code and what starts it, of which a browser needs one in three: kept when it is used. */
const RUNTIME = /(?:\.wasm|\.mjs)$/;
const MANIFEST = /^api\/web\/models(?:\/[^/]+\/manifest\.json)?$/;

/** `scope` is the folder of the page, with its slash. */
export function wayOf(method: string, address: string, scope: string): Way {
  const path = pathIn(address, scope);
  if (method !== "GET" || path === null) return "through";
  if (path === "" || path === "index.html") return "page";
  if (/^assets\/[^/]+$/.test(path)) return "asset";
  return MANIFEST.test(path) ? "fresh" : "through";
}

export function isRuntime(name: string): boolean {
  return RUNTIME.test(name);
}

/** Without the query; null: outside. */
function pathIn(address: string, scope: string): string | null {
  const { origin, pathname } = new URL(address);
  const whole = origin + pathname;
  return whole.startsWith(scope) ? whole.slice(scope.length) : null;
}
