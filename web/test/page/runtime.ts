/** A bare page around the runtime: `run(model, threads, backend)` adds two numbers in a worker. */

interface Sum {
  readonly sum?: readonly number[];
  readonly isolated?: boolean;
  readonly error?: string;
}

function run(model: number[], threads: number, backend: "wasm" | "webgpu"): Promise<Sum> {
  const worker = new Worker(new URL("./runtime.worker.ts", import.meta.url), { type: "module" });
  return new Promise((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<Sum>) => {
      worker.terminate();
      resolve(data);
    };
    worker.onerror = (event) => resolve({ error: event.message });
    worker.postMessage({ model: Uint8Array.from(model), threads, backend });
  });
}

Object.assign(globalThis, { run });
