/** `manifest.json`: what `sprat models export … --target web` wrote, and what the page trusts. */

export interface FileEntry {
  /** Relative to the manifest, with forward slashes. */
  readonly name: string;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** A prompt and its greedy continuation, as native ONNX Runtime computed it on the same file. */
export interface Canary {
  readonly prompt: readonly number[];
  readonly tokens: readonly number[];
  /** Ids and logits of the likeliest tokens after the prompt, highest first. */
  readonly top: readonly { readonly id: number; readonly logit: number }[];
  /** How far a logit may be from these: rounding differs between machines, wrong kernels more. */
  readonly tolerance: number;
}

export type VariantId = "webgpu-f16" | "webgpu-f32" | "wasm-int8";

/** The same model for one kind of machine. */
export interface Variant {
  readonly id: VariantId;
  readonly backend: "webgpu" | "wasm";
  /** WebGPU features that it needs: `["shader-f16"]`, or none. */
  readonly needs: readonly string[];
  readonly model: FileEntry;
  /** External data, by the names that the graph has for it. */
  readonly data: readonly FileEntry[];
  readonly cache: "float32" | "float16";
  readonly canary: Canary;
}

export interface Manifest {
  readonly format: 1;
  readonly name: string;
  readonly title: string;
  readonly licence: string;
  readonly architecture: string;
  /** Of the weights that it was exported from. */
  readonly sha256: string;
  readonly contextTokens: number;
  readonly layers: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly vocabulary: number;
  /** Any of these ends an answer. */
  readonly ends: readonly number[];
  /** `config.json`, `tokenizer.json`, `tokenizer_config.json` with the chat template. */
  readonly files: readonly FileEntry[];
  readonly variants: readonly Variant[];
}

/** What `GET /api/web/models` lists. */
export interface WebModel {
  readonly name: string;
  readonly title: string;
  readonly task: "chat" | "embed";
  /** Where its manifest is; asking for it exports what is not exported yet. */
  readonly manifest: string;
  /** About; the manifest says exactly. */
  readonly bytes: number;
}
