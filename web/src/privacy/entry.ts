/** One request, as one witness saw it. */

export type Witness =
  /** A script of the page, or of one of its workers, called for it. */
  | "called"
  /** The browser's own record of what was loaded (Resource Timing). */
  | "observed"
  /** It passed the service worker. */
  | "passed"
  /** The Content-Security-Policy stopped it: it did not leave. */
  | "refused";

export interface Entry {
  readonly witness: Witness;
  /** "fetch", "xmlhttprequest", "beacon", "websocket", "worker", "script", "img", … */
  readonly kind: string;
  /** Without the query: that may hold what people write. */
  readonly address: string;
  /** Whether it is the place that this page came from. */
  readonly own: boolean;
  /** "page", or the name of the worker's script. */
  readonly from: string;
  /** When it began, in ms by the page's own `performance.now()`. */
  readonly stamp: number;
  /** Of its body; null: not known. */
  readonly sentBytes: number | null;
  /** Answered from what the browser has: nothing left this machine. null: not known. */
  readonly kept: boolean | null;
}

/** As it is before it reaches the page: its time is in ms since 1970, as clocks of workers differ. */
export interface Seen {
  readonly witness: Witness;
  readonly kind: string;
  readonly address: string;
  readonly atMs: number;
  readonly sentBytes?: number | null;
  readonly kept?: boolean;
}

/** What a policy calls the place of a script that was refused where it stood. */
const INLINE = /^(?:inline|eval|wasm-eval|trusted-types-\w+)$/;
/** Of an address that is shown as it stands. */
const LONGEST = 200;

export type Tell = (seen: Seen) => void;

export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Whether the address is one that is asked over a network at all. */
export function isAway(address: string): boolean {
  return !/^(?:data|blob|about|javascript):/.test(address);
}

export function entryOf(seen: Seen, from: string, here: URL, originMs: number): Entry {
  const address = INLINE.test(seen.address) ? null : addressOf(seen.address, here);
  return {
    witness: seen.witness,
    kind: seen.kind,
    address: address ? address.origin + address.pathname : seen.address.slice(0, LONGEST),
    own: address ? address.host === here.host : INLINE.test(seen.address),
    from,
    stamp: seen.atMs - originMs,
    sentBytes: seen.sentBytes ?? null,
    kept: seen.kept ?? null,
  };
}

/** null: it is no place in a network, as a peer's is not. */
function addressOf(address: string, here: URL): URL | null {
  const found = URL.canParse(address, here.href) ? new URL(address, here.href) : null;
  return found?.host ? found : null;
}
