import assert from "node:assert/strict";
import { test } from "node:test";
import type { Manifest } from "../../src/manifest.ts";
import { Model } from "../../src/engine/model.ts";
import type { Files } from "../../src/engine/model.ts";
import type { Way } from "../../src/engine/protocol.ts";

const STARTED = "data:text/javascript,globalThis.started = true; export default () => { throw new Error('no runtime') }";

/** Whether the runtime was started while the files still came; and then, when they were here. */
async function startsOf(threads: number): Promise<[early: boolean, late: boolean]> {
  const state = globalThis as { started?: boolean };
  delete state.started;
  let arrive = (_: Files): void => undefined;
  const files = new Promise<Files>((resolve) => (arrive = resolve));
  const way: Way = { backend: "wasm", variant: "wasm-int8", build: "plain", threads };
  const paths = { module: `${STARTED}//${threads}`, wasm: "" };
  const told = { started: () => undefined, warming: () => undefined };
  const opened = Model.open({} as Manifest, way, files, paths, told);
  opened.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const early = state.started === true;
  arrive(new Map());
  await assert.rejects(opened);
  return [early, state.started === true];
}

test("a runtime with threads starts when its files are written, for Firefox stops for ever otherwise", async () => {
  assert.deepEqual(await startsOf(2), [false, true]);
});

test("a runtime with one thread starts while its files come", async () => {
  assert.deepEqual(await startsOf(1), [true, true]);
});
