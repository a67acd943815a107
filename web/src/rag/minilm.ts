/** MiniLM: text to a vector of length 1, by the runtime that the engine uses. Runs in Node too. */

import { Tokenizer } from "@huggingface/tokenizers";
import type { Files } from "../engine/model.ts";
import { startRuntime, claim, type RuntimePaths } from "../engine/runtime.ts";
import { INT64, look, openSession, tensorOver, type Session } from "../engine/session.ts";
import { PageError } from "../types.ts";

/** Word pieces that the model reads, [CLS] and [SEP] among them. */
export const CONTEXT_TOKENS = 256;

export class MiniLm {
  private readonly session: Session;
  private readonly tokenizer: Tokenizer;

  private constructor(session: Session, tokenizer: Tokenizer) {
    this.session = session;
    this.tokenizer = tokenizer;
  }

  /** `model`: the name of its graph among `files`. Throws a `PageError`. */
  static async open(files: Files, model: string, paths: RuntimePaths): Promise<MiniLm> {
    const file = JSON.parse(new TextDecoder().decode(await bytesOf(files, "tokenizer.json"))) as object;
    const graph = { bytes: await bytesOf(files, model), data: new Map<string, Uint8Array>() };
    const session = await openSession(await startRuntime(paths, 1), graph, false);
    return new MiniLm(session, new Tokenizer(file, {}));
  }

  /** The word pieces of `text` and the marks at its ends. */
  tokens(text: string): number[] {
    return this.tokenizer.encode(text).ids;
  }

  /**
   * The mean over the text's tokens, divided by its length; what the model cannot read is left out.
   *
   * Source: https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2 ("mean_pooling").
   */
  async vector(text: string): Promise<Float32Array> {
    const all = this.tokens(text);
    const end = all.at(-1) ?? 0;
    const ids = all.length > CONTEXT_TOKENS ? [...all.slice(0, CONTEXT_TOKENS - 1), end] : all;
    return pooled(await this.hidden(ids), ids.length);
  }

  /** The last layer's values, [tokens × dimensions]. */
  private async hidden(ids: readonly number[]): Promise<Float32Array> {
    const { ort, inputs, outputs } = this.session;
    const given = inputs.map(({ name }) => valuesOf(name, ids));
    const bytes = 8 * ids.length;
    const at = claim(ort, bytes * given.length);
    given.forEach((values, place) => ort.HEAPU8.set(new Uint8Array(values.buffer), at + place * bytes));
    const tensors = given.map((_, place) => tensorOver(ort, INT64, at + place * bytes, bytes, [1, ids.length]));
    const taken = inputs.map(({ name }, place): [string, number] => [name, tensors[place] ?? 0]);
    try {
      const [made = 0] = await this.session.run(taken, [[outputs[0]?.name ?? "", 0]]);
      const { at: from, dims } = look(ort, made);
      const size = dims.reduce((product, one) => product * one, 4);
      const copy = ort.HEAPU8.slice(from, from + size);
      ort._OrtReleaseTensor(made);
      return new Float32Array(copy.buffer);
    } finally {
      for (const tensor of tensors) ort._OrtReleaseTensor(tensor);
      ort._free(at);
    }
  }
}

function valuesOf(name: string, ids: readonly number[]): BigInt64Array {
  const value = name === "attention_mask" ? 1 : 0;
  return BigInt64Array.from(ids, (id) => BigInt(name === "input_ids" ? id : value));
}

function pooled(hidden: Float32Array, tokens: number): Float32Array {
  const size = hidden.length / tokens;
  const mean = new Float32Array(size);
  hidden.forEach((value, at) => (mean[at % size] = (mean[at % size] ?? 0) + value / tokens));
  const length = Math.max(Math.sqrt(mean.reduce((sum, value) => sum + value * value, 0)), 1e-12);
  return mean.map((value) => value / length);
}

async function bytesOf(files: Files, name: string): Promise<Uint8Array> {
  const file = files.get(name);
  if (file === undefined) {
    throw new PageError("weights", `${name} is missing from the embedding model.`, "Download it again.");
  }
  return file instanceof Uint8Array ? file : new Uint8Array(await file.arrayBuffer());
}
