import assert from "node:assert/strict";
import { test } from "node:test";
import { isRuntime, wayOf } from "../../src/offline/route.ts";

const SCOPE = "http://localhost:8300/";

for (const [path, way] of [
  ["", "page"],
  ["?model=x", "page"],
  ["index.html", "page"],
  ["assets/main-AB12CD34.js", "asset"],
  ["assets/ort-wasm-simd-threaded-AB12CD34.wasm", "asset"],
  ["assets/../v1/models", "through"],
  ["assets/a/b.js", "through"],
  ["api/web/models", "fresh"],
  ["api/web/models/smollm2-135m/manifest.json", "fresh"],
  ["api/web/models/smollm2-135m/tokenizer.json", "through"],
  ["api/web/models/smollm2-135m/onnx/manifest.json", "through"],
  ["api/web/models/smollm2-135m/onnx/model_q4.onnx_data?v=0123456789abcdef", "through"],
  ["api/policies", "through"],
  ["api/policies/kept", "through"],
  ["v1/chat/completions", "through"],
  ["v1/models", "through"],
  ["docs", "through"],
  ["sw.js", "through"],
] as const) {
  test(`/${path} goes the way "${way}", and nothing that is sent is touched`, () => {
    assert.equal(wayOf("GET", new URL(path, SCOPE).href, SCOPE), way);
    assert.equal(wayOf("POST", new URL(path, SCOPE).href, SCOPE), "through");
  });
}

test("another place is not touched, nor what lies beside the page's own folder", () => {
  const deeper = "http://localhost:8300/sprat/";
  assert.equal(wayOf("GET", "http://elsewhere/", SCOPE), "through");
  assert.equal(wayOf("GET", "http://localhost:8300/other/", deeper), "through");
  assert.equal(wayOf("GET", deeper, deeper), "page");
});

test("compiled code and what starts it are kept when they are used, the rest at once", () => {
  const names = ["assets/ort.wasm", "assets/ort.mjs", "assets/main.js", "./", "assets/wasm.css"];
  assert.deepEqual(names.map(isRuntime), [true, true, false, false, false]);
});
