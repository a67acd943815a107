/** Three ways to compute the same weights in a page, behind the same two functions: `load`, `ask`. */

import type { Message } from "../../web/src/types.ts";

interface Side {
  load(model: string, threads: number): Promise<void>;
  /** Calls `onToken` for each token. */
  ask(messages: Message[], tokens: number, onToken: () => void): Promise<string>;
}

interface Figures {
  readonly text: string;
  readonly firstMs: number;
  readonly tokens: number;
  /** Of all tokens but the first. */
  readonly perSecond: number;
}

async function ours(): Promise<Side> {
  const { LocalEngine } = await import("../../web/src/engine/local.ts");
  let engine: InstanceType<typeof LocalEngine> | null = null;
  return {
    async load(model, threads) {
      const manifestUrl = `/models/${model}/manifest.json`;
      engine = LocalEngine.open({ manifestUrl, backend: "wasm", threads, onState: () => undefined });
      await engine.warm();
    },
    async ask(messages, maxTokens, onToken) {
      if (!engine) throw new Error("load comes first");
      const reply = await engine.answer({ messages, maxTokens, logprobs: false }, onToken);
      return reply.text;
    },
  };
}

async function transformers(): Promise<Side> {
  const { pipeline, env, TextStreamer } = await import("@huggingface/transformers");
  env.allowLocalModels = false;
  env.remoteHost = `${location.origin}/models/`;
  env.remotePathTemplate = "{model}/";
  const wasm = env.backends.onnx.wasm!;
  wasm.wasmPaths = {
    mjs: new URL("./node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.mjs", import.meta.url).href,
    wasm: new URL("./node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.wasm", import.meta.url).href,
  };
  let generator: any = null;
  return {
    async load(model, threads) {
      wasm.numThreads = threads;
      generator = await pipeline("text-generation", model, { dtype: "q8", device: "wasm" });
    },
    async ask(messages, tokens, onToken) {
      const streamer = new TextStreamer(generator.tokenizer, {
        skip_prompt: true,
        callback_function: () => undefined,
        token_callback_function: onToken,
      });
      const made = await generator(messages, { max_new_tokens: tokens, do_sample: false, streamer });
      return made[0].generated_text.at(-1).content;
    },
  };
}

async function wllama(): Promise<Side> {
  const { Wllama, LoggerWithoutDebug } = await import("@wllama/wllama");
  const wasm = new URL("./node_modules/@wllama/wllama/esm/wasm/wllama.wasm", import.meta.url).href;
  const engine = new Wllama({ default: wasm }, { logger: LoggerWithoutDebug });
  return {
    async load(model, threads) {
      const url = `${location.origin}/weights/${model}.gguf`;
      await engine.loadModelFromUrl(url, { n_ctx: 1024, n_threads: threads, n_gpu_layers: 0 });
    },
    async ask(messages, tokens, onToken) {
      let text = "";
      await engine.createChatCompletion({
        messages, max_tokens: tokens, temperature: 0, stream: true,
        onData: (chunk: any) => {
          const piece = chunk.choices[0]?.delta?.content;
          if (!piece) return;
          text += piece;
          onToken();
        },
      } as any);
      return text;
    },
  };
}

const SIDES: Record<string, () => Promise<Side>> = { ours, transformers, wllama };
let side: Side | null = null;

/** Milliseconds until it can be asked: its scripts, runtime and weights, from wherever they are. */
async function load(name: string, model: string, threads: number): Promise<number> {
  const start = performance.now();
  side = await SIDES[name]!();
  await side.load(model, threads);
  return performance.now() - start;
}

async function ask(question: string, most: number): Promise<Figures> {
  const stamps: number[] = [];
  const start = performance.now();
  const text = await side!.ask([{ role: "user", content: question }], most, () => stamps.push(performance.now()));
  const [first = NaN, last = NaN] = [stamps[0], stamps.at(-1)];
  const perSecond = ((stamps.length - 1) / (last - first)) * 1000;
  return { text, firstMs: first - start, tokens: stamps.length, perSecond };
}

Object.assign(globalThis, { load, ask });
