/** A model, loaded: from files in memory to something that answers. Runs in a browser and in Node. */

import type { Manifest } from "../manifest.ts";
import { PageError } from "../types.ts";
import type { Ask } from "../types.ts";
import { Answerer } from "./answer.ts";
import type { Pause } from "./answer.ts";
import { passesBriefly, stepOf, stepsAsBefore, tryOut } from "./canary.ts";
import { Decoder } from "./decoder.ts";
import { variantBytes, variantOf } from "./protocol.ts";
import type { Passed, Piece, Way, Written } from "./protocol.ts";
import { startRuntime } from "./runtime.ts";
import type { RuntimePaths } from "./runtime.ts";
import { openSession } from "./session.ts";
import type { Graph, Session } from "./session.ts";
import { Tokenizer } from "./tokenize.ts";
import type { TokenizerConfig } from "./tokenize.ts";
import type { TokenizerFile } from "./vocabulary.ts";

/** As many tokens of a prompt as are read at once: an interrupt waits for no more. */
const CARD_TOKENS = 256;
/** The processor reads fewer of a larger model, so that no run takes long. */
const PROCESSOR_TOKENS = { least: 8, most: 64, mostBytes: 10e9 } as const;
const DEFAULT_TOKENS = 256;
/** On a card, growing the cache costs a turn 0.1 to 0.2 s: room for most chats is made at once. */
const ROOM_TOKENS = 1024;
const MOST_ROOM_BYTES = 128 << 20;

/** The bytes of a manifest's file, by its name there. */
export type Files = ReadonlyMap<string, Blob | Uint8Array>;

interface Told {
  /** The runtime runs, or never will. */
  started(): void;
  /** Before the canary. */
  warming(): void;
}

export class Model {
  /** Null on the processor. */
  readonly device: GPUDevice | null;
  /** What the canary found; null: what was known of it still held. */
  readonly passed: Passed | null;
  readonly #tokenizer: Tokenizer;
  readonly #answerer: Answerer;

  private constructor(device: GPUDevice | null, passed: Passed | null, tokenizer: Tokenizer, answerer: Answerer) {
    this.device = device;
    this.passed = passed;
    this.#tokenizer = tokenizer;
    this.#answerer = answerer;
  }

  /**
   * Load, and try the canary unless `known` still holds; `told` is called on the way. Raises PageError.
   *
   * The runtime starts while the files still come; one with threads, when they are here.
   */
  static async open(
    manifest: Manifest, way: Way, coming: Files | Promise<Files>, paths: RuntimePaths,
    told: Told, known: Passed | null = null,
  ): Promise<Model> {
    const [tokenizer, session] = await openParts(manifest, way, coming, paths, told.started);
    const { vocabulary, contextTokens, ends } = manifest;
    const decoder = new Decoder(session, vocabulary, contextTokens, readTokens(manifest, way));
    told.warming();
    if (isGpu(way)) decoder.cache.reserve(roomTokens(manifest), 0);
    const passed = await tried(decoder, manifest, way, known);
    const answerer = new Answerer(decoder, tokenizer.vocabulary, ends, contextTokens);
    return new Model(decoder.device, passed, tokenizer, answerer);
  }

  /** Answer one question, or go on where another worker ended; `onPiece` gets each token. */
  async answer(
    ask: Ask, onPiece: (piece: Piece) => void, pause: Pause, begun: readonly number[] = [],
  ): Promise<Written> {
    const prompt = this.#tokenizer.encode(this.#tokenizer.render(ask.messages));
    const { temperature = 0, topP = 1, seed, stop = [], logprobs = false } = ask;
    const sampling = { temperature, topP, seed };
    const maxTokens = ask.maxTokens ?? DEFAULT_TOKENS;
    const question = { prompt, maxTokens, sampling, stop, logprobs, begun };
    const { finish, rest, ...counts } = await this.#answerer.answer(question, onPiece, pause);
    return { finish, rest, usage: { inputTokens: prompt.length, ...counts } };
  }
}

/** In a function of its own, so that what was read is garbage when it ends. */
async function openParts(
  manifest: Manifest, way: Way, coming: Files | Promise<Files>, paths: RuntimePaths,
  started: () => void,
): Promise<[Tokenizer, Session]> {
  // Firefox stands still for good where threads start while the worker writes into its private files.
  if (way.threads > 1) await coming;
  const read = Promise.resolve(coming).then((files) =>
    Promise.all([openTokenizer(files), graphOf(manifest, way, files)]),
  );
  const starting = startRuntime(paths, way.threads).finally(started);
  const [ort, [tokenizer, graph]] = await Promise.all([starting, read]);
  return [tokenizer, await openSession(ort, graph, isGpu(way))];
}

/** The whole canary, unless a part of it is as it was: a step on the processor, the prompt on a card. */
async function tried(
  decoder: Decoder, manifest: Manifest, way: Way, known: Passed | null,
): Promise<Passed | null> {
  const [{ canary }, { mostTokens }] = [variantOf(manifest, way.variant), decoder];
  const holds = isGpu(way) ? passesBriefly : stepsAsBefore;
  if (known && (await holds(decoder, canary, known))) return null;
  decoder.mostTokens = mostTokens;
  await tryOut(decoder, canary);
  return { mostTokens: decoder.mostTokens, step: isGpu(way) ? [] : await stepOf(decoder, canary) };
}

/** Keys and values of a token, in every layer; less where that would be too much memory. */
function roomTokens({ layers, kvHeads, headSize, contextTokens }: Manifest): number {
  const tokenBytes = 2 * layers * kvHeads * headSize * 4;
  return Math.min(ROOM_TOKENS, contextTokens, Math.floor(MOST_ROOM_BYTES / tokenBytes));
}

const isGpu = (way: Way): boolean => way.backend === "webgpu";

/** For a run of tokens all weights are multiplied, once for each token. */
function readTokens(manifest: Manifest, way: Way): number {
  if (isGpu(way)) return CARD_TOKENS;
  const { least, most, mostBytes } = PROCESSOR_TOKENS;
  const bytes = variantBytes(variantOf(manifest, way.variant));
  return Math.max(least, Math.min(most, Math.floor(mostBytes / bytes)));
}

/** Names of the files that the page reads itself. */
const TOKENIZER = "tokenizer.json";
const CONFIG = "tokenizer_config.json";

async function openTokenizer(files: Files): Promise<Tokenizer> {
  const [file, config] = await Promise.all([TOKENIZER, CONFIG].map((name) => jsonOf(files, name)));
  return new Tokenizer(file as TokenizerFile, config as TokenizerConfig);
}

async function jsonOf(files: Files, name: string): Promise<unknown> {
  const bytes = await bytesOf(files, name);
  return JSON.parse(new TextDecoder().decode(bytes));
}

async function graphOf(manifest: Manifest, way: Way, files: Files): Promise<Graph> {
  const { model, data } = variantOf(manifest, way.variant);
  const named = await Promise.all(
    data.map(async ({ name }) => [baseName(name), await bytesOf(files, name)] as const),
  );
  // a card's provider still has nodes of its own to put in
  return { bytes: await bytesOf(files, model.name), data: new Map(named), finished: !isGpu(way) };
}

const baseName = (name: string): string => name.slice(name.lastIndexOf("/") + 1);

async function bytesOf(files: Files, name: string): Promise<Uint8Array> {
  const file = files.get(name);
  if (file === undefined) {
    throw new PageError("weights", `${name} is missing from the model.`, "Download it again.");
  }
  return file instanceof Uint8Array ? file : new Uint8Array(await file.arrayBuffer());
}
