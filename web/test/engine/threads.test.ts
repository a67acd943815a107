import assert from "node:assert/strict";
import { test } from "node:test";
import { sharesMemory } from "../../src/engine/threads.ts";

const MEMORY = globalThis.SharedArrayBuffer;

function page(isolated: boolean, memory: unknown): void {
  Object.defineProperty(globalThis, "crossOriginIsolated", { value: isolated, configurable: true });
  Object.defineProperty(globalThis, "SharedArrayBuffer", { value: memory, configurable: true });
}

for (const [isolated, memory, threads] of [
  [true, MEMORY, true],
  [true, undefined, false],
  [false, MEMORY, false],
] as const) {
  test(`a page that is ${isolated ? "" : "not "}isolated, ${memory ? "with" : "without"} shared memory, has ${threads ? "" : "no "}threads`, () => {
    page(isolated, memory);
    assert.equal(sharesMemory(), threads);
  });
}
