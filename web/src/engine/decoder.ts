/** The decoder graph: tokens in, the last position's logits out, the cache updated in place. */

import { PageError } from "../types.ts";
import { Cache } from "./cache.ts";
import { claim } from "./runtime.ts";
import type { Pointer } from "./runtime.ts";
import { HALF, INT64, look, tensorOver } from "./session.ts";
import type { Session, View } from "./session.ts";

const PAST = "past_key_values.";
const BYTES = 8;

export class Decoder {
  readonly cache: Cache;
  /** How many tokens one run is given at most; may be lowered. */
  mostTokens: number;
  readonly #session: Session;
  readonly #past: readonly string[];
  readonly #vocabulary: number;
  readonly #hasPositions: boolean;
  /** Memory for int64 inputs: ids, positions, and a mask that is all ones. */
  readonly #ids: Pointer;
  readonly #positions: Pointer;
  #ones: Pointer = 0;
  #oneCount = 0;

  /** `contextTokens` is what the model reads at all, `mostTokens` how many one run is given. */
  constructor(session: Session, vocabulary: number, contextTokens: number, mostTokens: number) {
    this.#session = session;
    this.#vocabulary = vocabulary;
    this.mostTokens = mostTokens;
    const past = session.inputs.filter((port) => port.name.startsWith(PAST));
    refuseOtherGraphs(session, past.length);
    this.#past = past.map((port) => port.name);
    this.#hasPositions = session.inputs.some((port) => port.name === "position_ids");
    this.cache = new Cache(session, past, contextTokens);
    this.#ids = claim(session.ort, BYTES * mostTokens);
    this.#positions = claim(session.ort, BYTES * mostTokens);
  }

  /** Null on the processor. */
  get device(): GPUDevice | null {
    return this.#session.device;
  }

  /**
   * Append tokens after the first `past`; the cache must have room for them.
   *
   * Returns float32 logits [vocabulary] after the last of them.
   */
  async run(tokens: readonly number[], past: number): Promise<Float32Array> {
    const inputs = this.#inputs(tokens, past);
    const cache = this.cache.tensors;
    const taken = [...inputs, ...this.#past.map((name, i) => [name, cache[i] ?? 0] as const)];
    const given = [
      ["logits", 0] as const,
      ...this.#past.map((name, i) => [presentOf(name), cache[i] ?? 0] as const),
    ];
    try {
      const [logits = 0] = await this.#session.run(taken, given);
      return this.#read(logits);
    } finally {
      for (const [, tensor] of inputs) this.#session.ort._OrtReleaseTensor(tensor);
    }
  }

  #inputs(tokens: readonly number[], past: number): [string, Pointer][] {
    const [count, total] = [tokens.length, past + tokens.length];
    this.#write(this.#ids, tokens);
    this.#reserveOnes(total);
    const inputs: [string, Pointer][] = [
      ["input_ids", this.#tensor(this.#ids, count)],
      ["attention_mask", this.#tensor(this.#ones, total)],
    ];
    if (this.#hasPositions) {
      this.#write(this.#positions, tokens.map((_, i) => past + i));
      inputs.push(["position_ids", this.#tensor(this.#positions, count)]);
    }
    return inputs;
  }

  #tensor(at: Pointer, count: number): Pointer {
    return tensorOver(this.#session.ort, INT64, at, BYTES * count, [1, count]);
  }

  #write(at: Pointer, values: readonly number[]): void {
    const heap = this.#session.ort.HEAPU8;
    const numbers = new BigInt64Array(heap.buffer, at, values.length);
    values.forEach((value, i) => (numbers[i] = BigInt(value)));
  }

  #reserveOnes(count: number): void {
    if (count <= this.#oneCount) return;
    const { ort } = this.#session;
    const room = Math.max(count, this.cache.capacity);
    if (this.#oneCount) ort._free(this.#ones);
    this.#ones = claim(ort, BYTES * room);
    this.#oneCount = room;
    new BigInt64Array(ort.HEAPU8.buffer, this.#ones, room).fill(1n);
  }

  #read(tensor: Pointer): Float32Array {
    const { ort } = this.#session;
    const view = look(ort, tensor);
    try {
      return lastRow(ort.HEAPU8, view, this.#vocabulary);
    } finally {
      ort._OrtReleaseTensor(tensor);
    }
  }

  close(): void {
    this.cache.close();
    for (const at of [this.#ids, this.#positions, this.#ones]) {
      if (at) this.#session.ort._free(at);
    }
    this.#session.close();
  }
}

const presentOf = (past: string): string => past.replace(PAST, "present.");

/** A copy, for the heap is the runtime's again after this. */
function lastRow(heap: Uint8Array, view: View, vocabulary: number): Float32Array {
  const row = Number(view.dims.at(-1));
  if (row < vocabulary) throw otherGraph(`its logits have ${row} places, not ${vocabulary}`);
  const rows = view.dims.reduce((product, size) => product * size, 1) / row;
  if (view.type === HALF) {
    const at = view.at + 2 * (rows - 1) * row;
    return Float32Array.from(new Uint16Array(heap.buffer, at, vocabulary), floatOfHalf);
  }
  const at = view.at + 4 * (rows - 1) * row;
  return Float32Array.from(new Float32Array(heap.buffer, at, vocabulary));
}

/** IEEE 754 binary16 to a number. */
export function floatOfHalf(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function refuseOtherGraphs(session: Session, past: number): void {
  const inputs = new Set(session.inputs.map((port) => port.name));
  const outputs = new Set(session.outputs.map((port) => port.name));
  if (past === 0) throw otherGraph("it has no past_key_values");
  if (!inputs.has("input_ids") || !inputs.has("attention_mask")) {
    throw otherGraph("it has no input_ids and attention_mask");
  }
  if (!outputs.has("logits")) throw otherGraph("it has no logits");
}

function otherGraph(why: string): PageError {
  return new PageError(
    "weights",
    `These weights are no decoder with a cache: ${why}.`,
    "Export them again: sprat models export NAME --target web",
  );
}
