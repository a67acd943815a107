/** An engine whose workers are played by actors, for tests. */

import { afterEach } from "node:test";
import type { Manifest, Variant, VariantId } from "../../src/manifest.ts";
import type { Ask } from "../../src/types.ts";
import type { Workers } from "../../src/engine/link.ts";
import { LocalEngine } from "../../src/engine/local.ts";
import type { EngineState, LocalOptions } from "../../src/engine/local.ts";
import type { Machine } from "../../src/engine/probe.ts";
import type { FromWorker, Passed, ToWorker, Trouble, Way } from "../../src/engine/protocol.ts";

const SHA = "0".repeat(64);
export const ASK: Ask = { messages: [{ role: "user", content: "x" }] };
export const USAGE = { inputTokens: 1, outputTokens: 2, cachedTokens: 0 };
export const LOST: Trouble = { code: "lost", message: "The graphics card was taken away.", fix: "" };

function variant(id: VariantId, backend: "webgpu" | "wasm"): Variant {
  const canary = { prompt: [1], tokens: [2], top: [{ id: 2, logit: 1 }], tolerance: 1e-3 };
  const model = { name: `${id}.onnx`, bytes: 1000, sha256: SHA };
  return { id, backend, needs: [], model, data: [], cache: "float32", canary };
}

const manifest: Manifest = {
  format: 1, name: "tiny", title: "Tiny", licence: "MIT", architecture: "llama", sha256: SHA,
  contextTokens: 64, layers: 2, kvHeads: 2, headSize: 16, vocabulary: 300, ends: [2], files: [],
  variants: [variant("webgpu-f32", "webgpu"), variant("wasm-int8", "wasm")],
};
const gpu = {
  name: "card", fallback: false, half: false, maxBufferBytes: 1e9, maxBindingBytes: 1e9, pace: null,
};
const machine: Machine = { gpu, why: null, jspi: true, threads: 2, copyBytesPerMs: 1e6, productBytesPerMs: 5e6 };

export const PASSED: Passed = { mostTokens: 31, step: [0.5] };

type Say = (message: FromWorker) => void;
/** What a worker does with a way, and with a question. */
export interface Part {
  /** Says nothing of the machine. */
  isDumb?: boolean;
  open?: (way: Way, say: Say) => void;
  answer?: (id: number, way: Way, say: Say) => void;
}

export const speak = (id: number, say: Say): void => {
  say({ kind: "text", id, text: "hel", token: 1 });
  say({ kind: "text", id, text: "lo", token: 2 });
  say({ kind: "done", id, written: { finish: "stop", rest: "", usage: USAGE } });
};

export class Actor implements Workers {
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  ended = false;
  heard: ToWorker[] = [];
  #way: Way | null = null;
  readonly #part: Part;

  constructor(part: Part) {
    this.#part = part;
  }

  say: Say = (data) => void setTimeout(() => this.onmessage?.({ data } as MessageEvent<FromWorker>));

  postMessage(message: ToWorker): void {
    this.heard.push(message);
    const { open, answer = (id, _, say) => speak(id, say) } = this.#part;
    if (message.kind === "probe" && !this.#part.isDumb) this.say({ kind: "machine", machine });
    if (message.kind === "open") {
      this.#way = message.way;
      if (open) open(message.way, this.say);
      else this.say({ kind: "ready", passed: message.known ? null : PASSED });
    }
    if (message.kind === "answer") answer(message.id, this.#way as Way, this.say);
    if (message.kind === "cancel") {
      const written = { finish: "cancelled" as const, rest: "", usage: USAGE };
      this.say({ kind: "done", id: message.id, written });
    }
  }

  terminate(): void {
    this.ended = true;
  }
}

const realFetch = globalThis.fetch;
afterEach(() => void (globalThis.fetch = realFetch));

/** An engine whose n-th worker plays the n-th part; the last plays on. */
export function stage(parts: Part[], more: Partial<LocalOptions> = {}) {
  globalThis.fetch = async () => new Response(JSON.stringify(manifest));
  const [states, actors]: [EngineState[], Actor[]] = [[], []];
  const spawn = (): Workers => {
    const actor = new Actor(parts[Math.min(actors.length, parts.length - 1)] ?? {});
    actors.push(actor);
    return actor;
  };
  const manifestUrl = "http://x/api/web/models/tiny/manifest.json";
  const onState = (state: EngineState): void => void states.push(state);
  const engine = LocalEngine.open({ manifestUrl, onState, spawn, ...more });
  return { engine, states, actors };
}
