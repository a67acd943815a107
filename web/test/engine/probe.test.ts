import assert from "node:assert/strict";
import { after, test } from "node:test";
import { probe } from "../../src/engine/probe.ts";
import type { Gpu, Machine } from "../../src/engine/probe.ts";
import { timeProducts } from "../../src/engine/products.ts";

const CARD: Gpu = {
  name: "nvidia ada", fallback: false, half: true, maxBufferBytes: 2 ** 30, maxBindingBytes: 2 ** 30,
  pace: { readBytesPerMs: 1e8, dispatchMs: 0.005 },
};
/** What was found in another session, so that nothing is timed. */
const KNOWN: Machine = { gpu: CARD, why: null, jspi: true, threads: 1, copyBytesPerMs: 1e6, productBytesPerMs: 5e6 };
const NAVIGATOR = Object.getOwnPropertyDescriptor(globalThis, "navigator");
after(() => void Object.defineProperty(globalThis, "navigator", NAVIGATOR ?? {}));

function adapter(vendor: string, architecture: string): GPUAdapter {
  const info = { vendor, architecture, device: "", description: "", isFallbackAdapter: false };
  const limits = { maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 2 ** 30 };
  return { info, limits, features: new Set(["shader-f16"]) } as unknown as GPUAdapter;
}

/** A browser that answers `early` at first, and `late` from so many milliseconds on. */
function browser(early: GPUAdapter | null, late: GPUAdapter | null, fromMs: number): { asked: number } {
  const start = performance.now();
  const count = { asked: 0 };
  const requestAdapter = async (): Promise<GPUAdapter | null> => {
    count.asked += 1;
    return performance.now() - start < fromMs ? early : late;
  };
  const value = { hardwareConcurrency: 4, gpu: { requestAdapter } };
  Object.defineProperty(globalThis, "navigator", { value, configurable: true });
  Object.defineProperty(globalThis, "isSecureContext", { value: true, configurable: true });
  return count;
}

test("a card that the browser knows only after 0.7 seconds is found", async () => {
  for (const early of [null, adapter("google", "swiftshader")]) {
    browser(early, adapter("nvidia", "ada"), 700);
    const { gpu, why } = await probe(KNOWN);
    assert.deepEqual([gpu?.name, gpu?.pace, why], ["nvidia ada", CARD.pace, null]);
  }
});

test("a card that is there is asked for once", async () => {
  const count = browser(null, adapter("nvidia", "ada"), 0);
  await probe(KNOWN);
  assert.equal(count.asked, 1);
});

test("where there is no card, it is asked for four times, then said why, and once at later starts", async () => {
  const count = browser(null, null, 0);
  const none = await probe(null);
  assert.deepEqual([count.asked, none.gpu], [4, null]);
  assert.match(none.why ?? "", /found no graphics card/);
  assert.deepEqual(await probe(none), none);
  assert.equal(count.asked, 5);
});

test("a card that comes to a machine that had none is found at the next start", async () => {
  browser(null, null, 0);
  const none = await probe({ ...KNOWN, gpu: null, why: "none" });
  browser(null, adapter("nvidia", "ada"), 0);
  assert.equal((await probe(none)).gpu?.name, "nvidia ada");
});

test("a driver that never answers is waited for no longer than is said, and that is why", async () => {
  browser(null, null, 0);
  const requestAdapter = (): Promise<null> => new Promise(() => undefined);
  Object.assign(navigator.gpu, { requestAdapter });
  const { gpu, why } = await probe(null, "auto", { auto: 40, again: 10, webgpu: 12_000 });
  assert.deepEqual([gpu, why], [null, "the graphics card does not answer (nothing for 0.04 s)"]);
  const again = await probe({ ...KNOWN, gpu, why }, "auto", { auto: 40, again: 10, webgpu: 12_000 });
  assert.equal(again.why, "the graphics card does not answer (nothing for 0.01 s)");
});

test("a card that answers and then hangs while it is timed is none either", async () => {
  const dead = { ...adapter("nvidia", "ada"), requestDevice: () => new Promise(() => undefined) };
  browser(null, dead as unknown as GPUAdapter, 0);
  const { gpu, why } = await probe(null, "auto", { auto: 40, again: 10, webgpu: 12_000 });
  assert.equal(gpu, null);
  assert.match(why ?? "", /does not answer/);
});

test("where the processor was chosen no card is asked for, and none is forgotten or believed missing", async () => {
  const count = browser(null, adapter("nvidia", "ada"), 0);
  assert.deepEqual((await probe(KNOWN, "wasm")).gpu, CARD);
  const unlooked = await probe(null, "wasm");
  assert.deepEqual([count.asked, unlooked.gpu], [0, null]);
  browser(null, adapter("nvidia", "ada"), 300);
  assert.equal((await probe({ ...unlooked, copyBytesPerMs: 1 })).gpu?.name, "nvidia ada");
});

test("products of 8-bit weights are timed in a moment", async () => {
  const start = performance.now();
  const bytesPerMs = await timeProducts();
  assert.ok(bytesPerMs !== null && bytesPerMs > 1e4 && bytesPerMs < 1e9, String(bytesPerMs));
  assert.ok(performance.now() - start < 10_000);
});
