/**
 * ONNX Runtime's WebAssembly build, called by its own C functions.
 *
 * Why not the library's JavaScript API: it copies every input into the heap and every output out of
 * it, the whole attention cache at each token. See docs/decisions/page-engine.md.
 */

import { PageError } from "../types.ts";

/** `plain`: the processor only; `jspi`, `asyncify`: WebGPU, by how WebAssembly waits for it. */
export type Build = "plain" | "jspi" | "asyncify";

/** Where the runtime's two files are, as absolute addresses. */
export interface RuntimePaths {
  readonly module: string;
  readonly wasm: string;
}

export type Pointer = number;

/** The part of the Emscripten module that is used here; pointers have 4 bytes in all builds. */
export interface Ort {
  /** Views of the heap; a new one each time that it has grown, so it must not be kept. */
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): Pointer;
  _free(at: Pointer): void;
  stackSave(): Pointer;
  stackAlloc(bytes: number): Pointer;
  stackRestore(at: Pointer): void;
  setValue(at: Pointer, value: number, type: "*" | "i32"): void;
  getValue(at: Pointer, type: "*" | "i32"): number;
  UTF8ToString(at: Pointer): string;
  stringToUTF8(text: string, at: Pointer, most: number): void;
  lengthBytesUTF8(text: string): number;
  _OrtInit(threads: number, logLevel: number): number;
  _OrtGetLastError(code: Pointer, message: Pointer): void;
  _OrtCreateSessionOptions(
    level: number, arena: boolean, pattern: boolean, mode: number, profile: boolean,
    prefix: Pointer, logId: Pointer, logLevel: number, verbosity: number, path: Pointer,
  ): Pointer;
  _OrtAddSessionConfigEntry(options: Pointer, key: Pointer, value: Pointer): number;
  _OrtAppendExecutionProvider(
    options: Pointer, name: Pointer, keys: Pointer, values: Pointer, count: number,
  ): number | Promise<number>;
  _OrtReleaseSessionOptions(options: Pointer): number;
  _OrtCreateSession(at: Pointer, bytes: number, options: Pointer): Pointer | Promise<Pointer>;
  _OrtReleaseSession(session: Pointer): number;
  _OrtGetInputOutputCount(session: Pointer, inputs: Pointer, outputs: Pointer): number;
  _OrtGetInputOutputMetadata(session: Pointer, at: number, name: Pointer, data: Pointer): number;
  _OrtFree(at: Pointer): number;
  _OrtCreateTensor(
    type: number, data: Pointer, bytes: number, dims: Pointer, rank: number, place: number,
  ): Pointer;
  _OrtGetTensorData(
    tensor: Pointer, type: Pointer, data: Pointer, dims: Pointer, rank: Pointer,
  ): number;
  _OrtReleaseTensor(tensor: Pointer): number;
  _OrtCreateRunOptions(log: number, verbosity: number, end: boolean, tag: Pointer): Pointer;
  _OrtReleaseRunOptions(options: Pointer): number;
  _OrtRun(
    session: Pointer, inputNames: Pointer, inputs: Pointer, inputCount: number,
    outputNames: Pointer, outputCount: number, outputs: Pointer, options: Pointer,
  ): number | Promise<number>;
  mountExternalData(name: string, bytes: Uint8Array): void;
  unmountExternalData(): void;
  /** Only where calls may wait for a promise. */
  asyncInit?(): void;
  /** Only in the WebGPU builds. */
  webgpuInit?(take: (device: GPUDevice) => void): void;
  webgpuRegisterDevice?(device?: GPUDevice): readonly [number, number, number] | undefined;
  webgpuOnCreateSession?(session: Pointer): void;
  webgpuOnReleaseSession?(session: Pointer): void;
  webgpuRegisterBuffer?(buffer: GPUBuffer, session: Pointer): Pointer;
  webgpuUnregisterBuffer?(buffer: GPUBuffer): void;
}

type Factory = (config: object) => Promise<Ort>;

const LOG_ERRORS = 3;

/** Whether WebAssembly can wait for promises by itself (JSPI): a third smaller, and faster. */
export function hasJspi(): boolean {
  return "Suspending" in WebAssembly;
}

/** Fetch and start a build; `threads` counts this one. */
export async function startRuntime(paths: RuntimePaths, threads: number): Promise<Ort> {
  const { default: make } = (await import(paths.module)) as { default: Factory };
  const ort = await make({ numThreads: threads, locateFile: () => paths.wasm });
  check(ort, ort._OrtInit(threads, LOG_ERRORS));
  return ort;
}

/** The runtime's own words for what went wrong last. */
export function lastError(ort: Ort): string {
  const stack = ort.stackSave();
  try {
    const at = ort.stackAlloc(8);
    ort._OrtGetLastError(at, at + 4);
    const message = ort.getValue(at + 4, "*");
    return message ? ort.UTF8ToString(message) : "no reason given";
  } finally {
    ort.stackRestore(stack);
  }
}

/** Throw unless `code` is 0. */
export function check(ort: Ort, code: number): void {
  if (code !== 0) throw failure(lastError(ort));
}

/** A pointer that is not null, or the runtime's error. */
export function made(ort: Ort, at: Pointer): Pointer {
  if (at === 0) throw failure(lastError(ort));
  return at;
}

const MEMORY = /alloc|out of memory|memory access|Cannot enlarge|Array buffer/i;

/** What the runtime says, as an error that people are shown. */
export function failure(words: string): PageError {
  const line = words.split("\n", 1)[0] ?? words;
  if (MEMORY.test(words)) {
    return new PageError(
      "memory",
      `There was not enough memory for the model: ${line}.`,
      "Close other tabs, or choose a smaller model.",
    );
  }
  return new PageError("runtime", `The model could not be computed: ${line}.`, "Load it again.");
}

/** A C string that lives until `_free`. */
export function text(ort: Ort, words: string): Pointer {
  const bytes = ort.lengthBytesUTF8(words) + 1;
  const at = claim(ort, bytes);
  ort.stringToUTF8(words, at, bytes);
  return at;
}

/** Heap memory, or a PageError "memory". */
export function claim(ort: Ort, bytes: number): Pointer {
  const at = ort._malloc(bytes);
  if (at === 0) throw failure(`out of memory for ${bytes} bytes`);
  return at >>> 0;
}
