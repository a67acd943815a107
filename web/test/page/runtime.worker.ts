const PLAIN = {
  mjs: new URL("../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.mjs", import.meta.url).href,
  wasm: new URL("../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm", import.meta.url).href,
};
const WEBGPU = {
  mjs: new URL("../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.mjs", import.meta.url).href,
  wasm: new URL("../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.wasm", import.meta.url).href,
};

interface Ask {
  readonly model: Uint8Array;
  readonly threads: number;
  readonly backend: "wasm" | "webgpu";
}

async function sum({ model, threads, backend }: Ask): Promise<object> {
  const ort = backend === "wasm" ? await import("onnxruntime-web/wasm") : await import("onnxruntime-web/webgpu");
  ort.env.wasm.wasmPaths = backend === "wasm" ? PLAIN : WEBGPU;
  ort.env.wasm.numThreads = threads;
  const session = await ort.InferenceSession.create(model, { executionProviders: [backend] });
  const numbers = new ort.Tensor("float32", Float32Array.of(1, 2), [2]);
  const { sum } = await session.run({ a: numbers, b: numbers });
  return { sum: [...((await sum?.getData()) as Float32Array)], isolated: crossOriginIsolated };
}

self.onmessage = async ({ data }: MessageEvent<Ask>) => {
  self.postMessage(await sum(data).catch((error: unknown) => ({ error: String(error) })));
};
