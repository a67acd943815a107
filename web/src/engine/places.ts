/** Where the runtime's files are: the build gives each its own address. */

import type { Build, RuntimePaths } from "./runtime.ts";

export function runtimePaths(build: Build): RuntimePaths {
  switch (build) {
    case "plain":
      return {
        module: new URL("../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.mjs", import.meta.url).href,
        wasm: new URL("../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm", import.meta.url).href,
      };
    case "jspi":
      return {
        module: new URL("../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.jspi.mjs", import.meta.url).href,
        wasm: new URL("../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.jspi.wasm", import.meta.url).href,
      };
    case "asyncify":
      return {
        module: new URL("../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.mjs", import.meta.url).href,
        wasm: new URL("../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.wasm", import.meta.url).href,
      };
  }
}
