import assert from "node:assert/strict";
import { after, test } from "node:test";
import { probe } from "../../src/engine/probe.ts";
import type { Gpu, Machine } from "../../src/engine/probe.ts";

const CARD: Gpu = {
  name: "nvidia ada", fallback: false, half: true, maxBufferBytes: 2 ** 30, maxBindingBytes: 2 ** 30,
  pace: { readBytesPerMs: 1e8, dispatchMs: 0.005 },
};
/** What was found in another session, so that nothing is timed. */
const KNOWN: Machine = { gpu: CARD, why: null, jspi: true, threads: 1, copyBytesPerMs: 1e6 };
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

test("where there is no card, it is asked for four times, and then said why", async () => {
  const count = browser(null, null, 0);
  const { gpu, why } = await probe(KNOWN);
  assert.deepEqual([count.asked, gpu], [4, null]);
  assert.match(why ?? "", /found no graphics card/);
});
