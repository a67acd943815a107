import { Decoder } from "../../src/engine/decoder.ts";
import { runtimePaths } from "../../src/engine/places.ts";
import { variantOf } from "../../src/engine/protocol.ts";
import type { Way } from "../../src/engine/protocol.ts";
import { readManifest } from "../../src/engine/read.ts";
import { startRuntime } from "../../src/engine/runtime.ts";
import { likeliest } from "../../src/engine/sampling.ts";
import { openSession } from "../../src/engine/session.ts";

interface Order {
  readonly manifest: string;
  readonly way: Way;
  readonly prompt: readonly number[];
  /** Places where the prompt is cut: it is read anew for each. */
  readonly cuts: readonly (readonly number[])[];
  readonly steps: number;
}

export interface Sung {
  readonly tokens?: readonly number[];
  readonly logits?: readonly (readonly number[])[];
}

async function sing({ manifest: url, way, prompt, cuts, steps }: Order): Promise<Sung[]> {
  const decoder = await openDecoder(url, way);
  decoder.cache.reserve(prompt.length, 0);
  const songs: Sung[] = [];
  for (const cut of cuts) songs.push(await sung(decoder, prompt, cut, steps));
  return songs;
}

async function openDecoder(url: string, way: Way): Promise<Decoder> {
  const manifest = await readManifest(url);
  const { model, data } = variantOf(manifest, way.variant);
  const bytes = async (name: string): Promise<Uint8Array> =>
    new Uint8Array(await (await fetch(new URL(name, url))).arrayBuffer());
  const named = await Promise.all(
    data.map(async ({ name }) => [name.slice(name.lastIndexOf("/") + 1), await bytes(name)] as const),
  );
  const ort = await startRuntime(runtimePaths(way.build), way.threads);
  const graph = { bytes: await bytes(model.name), data: new Map(named) };
  const session = await openSession(ort, graph, way.backend === "webgpu");
  return new Decoder(session, manifest.vocabulary, manifest.contextTokens, 64);
}

async function sung(
  decoder: Decoder, prompt: readonly number[], cut: readonly number[], steps: number,
): Promise<Sung> {
  let last: Float32Array = new Float32Array();
  const ends = [...cut, prompt.length];
  for (const [i, end] of ends.entries()) {
    const start = ends[i - 1] ?? 0;
    last = await decoder.run(prompt.slice(start, end), start);
  }
  const [tokens, logits]: [number[], number[][]] = [[], []];
  for (let step = 0; step < steps; step++) {
    logits.push([...last]);
    tokens.push(likeliest(last));
    if (step + 1 === steps) break;
    decoder.cache.reserve(prompt.length + tokens.length, prompt.length + step);
    last = await decoder.run(tokens.slice(-1), prompt.length + step);
  }
  return { tokens, logits };
}

self.onmessage = async ({ data }: MessageEvent<Order>) => {
  self.postMessage(await sing(data).catch(String));
};
