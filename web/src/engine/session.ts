/** One graph, ready to run: its names and types, and runs over values that stay where they are. */

import { claim, check, failure, lastError, made, text } from "./runtime.ts";
import type { Ort, Pointer } from "./runtime.ts";

/** ONNX's numbers for element types. */
export const FLOAT = 1;
export const INT64 = 7;
export const HALF = 10;

/** ONNX Runtime's numbers for where a value lies. */
export const HEAP = 1;
export const GPU = 4;

const ALL_OPTIMISATIONS = 99;
const NO_OPTIMISATION = 0;
const ERRORS = 3;

export interface Port {
  readonly name: string;
  /** ONNX's number. */
  readonly type: number;
  /** A name where the size is free. */
  readonly shape: readonly (number | string)[];
}

export interface Graph {
  readonly bytes: Uint8Array;
  /** External data, by the names that the graph has for it. */
  readonly data: ReadonlyMap<string, Uint8Array>;
  /** Exported as it is to be run: to look for something better takes time and finds nothing. */
  readonly finished?: boolean;
}

/** A tensor's description; `at` points to its first element, which the next call may overwrite. */
export interface View {
  readonly type: number;
  readonly at: Pointer;
  readonly dims: readonly number[];
}

export class Session {
  readonly ort: Ort;
  readonly handle: Pointer;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Null on the processor. */
  readonly device: GPUDevice | null;
  readonly #names = new Map<string, Pointer>();
  readonly #options: Pointer;
  readonly #lists: Pointer;

  constructor(ort: Ort, handle: Pointer, device: GPUDevice | null) {
    this.ort = ort;
    this.handle = handle;
    this.device = device;
    const ports = readPorts(ort, handle, this.#names);
    this.inputs = ports.inputs;
    this.outputs = ports.outputs;
    this.#options = made(ort, ort._OrtCreateRunOptions(ERRORS, 0, false, 0));
    this.#lists = claim(ort, 8 * (this.inputs.length + this.outputs.length));
  }

  /**
   * Compute; `taken` are tensors by input, `given` by output: 0 where the runtime makes one.
   *
   * Returns the tensors by output, in the order of `given`. Those made belong to the caller.
   */
  async run(
    taken: readonly (readonly [string, Pointer])[],
    given: readonly (readonly [string, Pointer])[],
  ): Promise<Pointer[]> {
    const [names, values] = this.#list(taken, this.#lists);
    const [outNames, outValues] = this.#list(given, values + 4 * taken.length);
    const { ort } = this;
    const code = await ort._OrtRun(
      this.handle, names, values, taken.length, outNames, given.length, outValues, this.#options,
    );
    check(ort, code);
    return given.map((_, i) => ort.getValue(outValues + 4 * i, "*"));
  }

  #list(pairs: readonly (readonly [string, Pointer])[], at: Pointer): [Pointer, Pointer] {
    const values = at + 4 * pairs.length;
    pairs.forEach(([name, value], i) => {
      this.ort.setValue(at + 4 * i, this.#names.get(name) ?? 0, "*");
      this.ort.setValue(values + 4 * i, value, "*");
    });
    return [at, values];
  }

  close(): void {
    this.ort._OrtReleaseRunOptions(this.#options);
    this.ort._free(this.#lists);
    for (const name of this.#names.values()) this.ort._OrtFree(name);
    this.ort.webgpuOnReleaseSession?.(this.handle);
    this.ort._OrtReleaseSession(this.handle);
  }
}

/** Make a session; on a GPU when `gpu`, else on the processor. Raises PageError. */
export async function openSession(ort: Ort, graph: Graph, gpu: boolean): Promise<Session> {
  let device: GPUDevice | null = null;
  if (gpu) {
    ort.asyncInit?.();
    ort.webgpuInit?.((made) => (device = made));
  }
  const options = await makeOptions(ort, gpu, graph.finished ? NO_OPTIMISATION : ALL_OPTIMISATIONS);
  const at = claim(ort, graph.bytes.byteLength);
  ort.HEAPU8.set(graph.bytes, at);
  for (const [name, bytes] of graph.data) ort.mountExternalData(name, bytes);
  try {
    const handle = await ort._OrtCreateSession(at, graph.bytes.byteLength, options);
    if (handle === 0) throw failure(lastError(ort));
    ort.webgpuOnCreateSession?.(handle);
    return new Session(ort, handle, device);
  } finally {
    ort.unmountExternalData();
    ort._free(at);
    ort._OrtReleaseSessionOptions(options);
  }
}

async function makeOptions(ort: Ort, gpu: boolean, level: number): Promise<Pointer> {
  const options = made(
    ort,
    ort._OrtCreateSessionOptions(level, true, !gpu, 0, false, 0, 0, ERRORS, 0, 0),
  );
  if (!gpu) return options;
  ort.webgpuRegisterDevice?.();
  // each dispatch is checked by the browser anyway, and the model by its canary
  const [name, key, value] = ["WebGPU", "validationMode", "disabled"].map((word) => text(ort, word));
  const [keys, values] = [pointerTo(ort, key), pointerTo(ort, value)];
  check(ort, await ort._OrtAppendExecutionProvider(options, name ?? 0, keys, values, 1));
  for (const at of [name, key, value, keys, values]) ort._free(at ?? 0);
  return options;
}

function pointerTo(ort: Ort, target: Pointer | undefined): Pointer {
  const at = claim(ort, 4);
  ort.setValue(at, target ?? 0, "*");
  return at;
}

function readPorts(ort: Ort, session: Pointer, names: Map<string, Pointer>) {
  const stack = ort.stackSave();
  const at = ort.stackAlloc(8);
  check(ort, ort._OrtGetInputOutputCount(session, at, at + 4));
  const [inputs, outputs] = [ort.getValue(at, "i32"), ort.getValue(at + 4, "i32")];
  const ports = Array.from({ length: inputs + outputs }, (_, i) => {
    check(ort, ort._OrtGetInputOutputMetadata(session, i, at, at + 4));
    return readPort(ort, ort.getValue(at, "*"), ort.getValue(at + 4, "*"), names);
  });
  ort.stackRestore(stack);
  return { inputs: ports.slice(0, inputs), outputs: ports.slice(inputs) };
}

function readPort(ort: Ort, nameAt: Pointer, at: Pointer, names: Map<string, Pointer>): Port {
  const name = ort.UTF8ToString(nameAt);
  names.set(name, nameAt);
  const rank = ort.getValue(at + 4, "i32");
  const shape = Array.from({ length: rank }, (_, i) => {
    const symbol = ort.getValue(at + 8 + 4 * i, "*");
    return symbol ? ort.UTF8ToString(symbol) : ort.getValue(at + 8 + 4 * (i + rank), "i32");
  });
  const port = { name, type: ort.getValue(at, "i32"), shape };
  ort._OrtFree(at);
  return port;
}

/** A tensor over memory that already is; it must live as long. */
export function tensorOver(
  ort: Ort, type: number, at: Pointer, bytes: number, dims: readonly number[], place = HEAP,
): Pointer {
  const stack = ort.stackSave();
  try {
    const sizes = ort.stackAlloc(4 * dims.length);
    dims.forEach((size, i) => ort.setValue(sizes + 4 * i, size, "i32"));
    return made(ort, ort._OrtCreateTensor(type, at, bytes, sizes, dims.length, place));
  } finally {
    ort.stackRestore(stack);
  }
}

/** What a tensor is, and where. */
export function look(ort: Ort, tensor: Pointer): View {
  const stack = ort.stackSave();
  try {
    const at = ort.stackAlloc(16);
    check(ort, ort._OrtGetTensorData(tensor, at, at + 4, at + 8, at + 12));
    const dimsAt = ort.getValue(at + 8, "*");
    const rank = ort.getValue(at + 12, "i32");
    const dims = Array.from({ length: rank }, (_, i) => ort.getValue(dimsAt + 4 * i, "i32"));
    ort._OrtFree(dimsAt);
    return { type: ort.getValue(at, "i32"), at: ort.getValue(at + 4, "*") >>> 0, dims };
  } finally {
    ort.stackRestore(stack);
  }
}
