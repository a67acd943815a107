import assert from "node:assert/strict";
import { test } from "node:test";
import { fits } from "../../src/offline/kind.ts";
import { keepRuntime } from "../../src/offline/register.ts";

const SCOPE = "http://localhost:8300/";

for (const [path, kind, kept] of [
  ["", "text/html; charset=utf-8", true],
  ["", "application/json", false],
  ["assets/ort-1.wasm", "application/wasm", true],
  ["assets/ort-1.wasm", "text/html", false],
  ["assets/ort-1.mjs", "text/javascript; charset=utf-8", true],
  ["assets/main-1.js", "application/javascript", true],
  ["assets/main-1.js", "Text/HTML", false],
  ["assets/main-1.css", "text/css", true],
  ["assets/icon-1.svg", "image/svg+xml", true],
  ["assets/icon-1.svg", "text/html", false],
  ["api/web/models", "application/json", true],
  ["api/web/models", "text/html", false],
] as const) {
  test(`/${path} that comes as ${kind} is ${kept ? "kept" : "not kept"}`, () => {
    const headers = { "content-type": kind };
    assert.equal(fits(SCOPE + path, new Response("", { headers })), kept);
    assert.equal(fits(SCOPE + path, new Response("", { headers, status: 404 })), false);
  });
}

/** The browser's kept answers, and a network that answers every question with `kind`. */
function browser(kind: string) {
  const kept: string[] = [];
  const cache = {
    match: async () => undefined,
    put: async (asked: string | Request) => void kept.push(new URL(asked instanceof Request ? asked.url : asked).pathname),
  };
  const caches = { open: async () => cache, has: async () => false, delete: async () => true };
  const fetch = async () => new Response("x", { headers: { "content-type": kind } });
  return { kept, globals: { caches, fetch, location: new URL(SCOPE) } };
}

for (const [kind, expected] of [["application/wasm", ["/assets/a.wasm"]], ["text/html", []]] as const) {
  test(`compiled code that comes as ${kind} is ${expected.length ? "kept" : "not kept"}`, async (t) => {
    const { kept, globals } = browser(kind);
    Object.assign(globalThis, globals);
    const loaded = [{ name: `${SCOPE}assets/a.wasm` }, { name: `${SCOPE}assets/a.js` }];
    t.mock.method(performance, "getEntriesByType", () => loaded);
    await keepRuntime();
    assert.deepEqual(kept, expected);
  });
}

test("a service worker is not installed where a network's login page answers for its files", async () => {
  const { globals } = browser("text/html");
  const heard: Record<string, (event: { waitUntil(work: Promise<void>): void }) => void> = {};
  const worker = {
    registration: { scope: SCOPE },
    addEventListener: (name: string, hear: (typeof heard)[string]) => (heard[name] = hear),
  };
  const built = { __ASSETS__: ["./", "assets/main-1.js"], __BUILD__: "1" };
  Object.assign(globalThis, globals, built, { self: worker });
  await import("../../src/sw.ts");
  let installed: Promise<void> | undefined;
  heard["install"]!({ waitUntil: (work) => (installed = work) });
  await assert.rejects(installed!, /assets\/main-1\.js is not what came/);
});
