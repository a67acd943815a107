/**
 * Puts a witness before everything by which a script can send something, in a page or in a worker.
 *
 * It must run before any other script keeps one of these for itself.
 */

import { type Tell, isAway, nowMs } from "./entry.ts";

type Scope = typeof globalThis & Record<string, unknown>;
type Call = (...parts: unknown[]) => unknown;

/** What is made with `new`, and what its first argument is asked over. */
const MADE: Readonly<Record<string, string>> = {
  WebSocket: "websocket",
  EventSource: "eventsource",
  WebTransport: "webtransport",
  RTCPeerConnection: "rtc",
  webkitRTCPeerConnection: "rtc",
  Worker: "worker",
  SharedWorker: "worker",
};

/** `onMade`: is given what was made, with its name in `MADE` and the address. */
export function watch(tell: Tell, onMade?: (made: object, name: string, address: string) => void) {
  const scope = globalThis as Scope;
  for (const name of Object.keys(MADE)) watchMade(scope, name, tell, onMade);
  watchFetch(scope, "fetch", tell);
  watchFetch(scope, "fetchLater", tell);
  watchXhr(scope, tell);
  watchBeacon(scope, tell);
  watchOpen(scope, tell);
}

function watchMade(
  scope: Scope,
  name: string,
  tell: Tell,
  onMade?: (made: object, name: string, address: string) => void,
): void {
  const original = scope[name];
  if (typeof original !== "function") return;
  const construct = (target: Function, parts: unknown[], made: Function): object => {
    const address = addressIn(name, parts[0]);
    note(tell, MADE[name]!, address, null);
    const one = Reflect.construct(target, parts, made) as object;
    onMade?.(one, name, address);
    return one;
  };
  replace(scope, name, new Proxy(original, { construct }));
}

/** A peer's address is known to the browser alone. */
function addressIn(name: string, first: unknown): string {
  return MADE[name] === "rtc" ? "rtc:" : String(first);
}

function watchFetch(scope: Scope, name: "fetch" | "fetchLater", tell: Tell): void {
  const original = scope[name] as Call | undefined;
  if (!original) return;
  const watched = (...parts: unknown[]) => {
    const [input, options] = parts as [unknown, RequestInit | undefined];
    const request = input instanceof Request ? input : null;
    const sent = request?.body ? null : bytesOf(options?.body);
    note(tell, "fetch", request ? request.url : String(input), sent);
    return original.apply(scope, parts);
  };
  replace(scope, name, watched);
}

function watchXhr(scope: Scope, tell: Tell): void {
  const owner = scope.XMLHttpRequest?.prototype as unknown as Record<string, Call> | undefined;
  if (!owner) return;
  const addresses = new WeakMap<object, string>();
  const { open, send } = owner as { open: Call; send: Call };
  replace(owner, "open", function (this: object, ...parts: unknown[]) {
    addresses.set(this, String(parts[1]));
    return open.apply(this, parts);
  });
  replace(owner, "send", function (this: object, ...parts: unknown[]) {
    note(tell, "xmlhttprequest", addresses.get(this) ?? "", bytesOf(parts[0]));
    return send.apply(this, parts);
  });
}

function watchBeacon(scope: Scope, tell: Tell): void {
  const owner = scope.Navigator?.prototype as unknown as Record<string, Call> | undefined;
  const original = owner?.["sendBeacon"];
  if (!owner || !original) return;
  replace(owner, "sendBeacon", function (this: object, ...parts: unknown[]) {
    note(tell, "beacon", String(parts[0]), bytesOf(parts[1]));
    return original.apply(this, parts);
  });
}

function watchOpen(scope: Scope, tell: Tell): void {
  const original = scope["open"] as Call | undefined;
  if (!original || !("document" in scope)) return;
  replace(scope, "open", (...parts: unknown[]) => {
    note(tell, "window", String(parts[0] ?? "about:blank"), null);
    return original.apply(scope, parts);
  });
}

function note(tell: Tell, kind: string, address: string, sentBytes: number | null): void {
  if (isAway(address)) tell({ witness: "called", kind, address, atMs: nowMs(), sentBytes });
}

/** null: a stream or a form, whose bytes only the browser counts. */
function bytesOf(body: unknown): number | null {
  if (body === undefined || body === null) return 0;
  if (typeof body === "string") return new TextEncoder().encode(body).length;
  if (body instanceof URLSearchParams) return new TextEncoder().encode(String(body)).length;
  if (body instanceof Blob) return body.size;
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return body.byteLength;
  return null;
}

function replace(owner: object, name: string, value: unknown): void {
  Object.defineProperty(owner, name, { value, writable: true, configurable: true });
}
