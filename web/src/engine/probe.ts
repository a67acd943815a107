/** What this machine can compute with, and a short look at how fast. Runs in the worker. */

import { hasJspi } from "./runtime.ts";
import { timeCopy, timeGpu } from "./pace.ts";
import type { GpuPace } from "./pace.ts";

export interface Gpu {
  readonly name: string;
  /** Computed by the processor: SwiftShader and the like. */
  readonly fallback: boolean;
  /** It has `shader-f16`. */
  readonly half: boolean;
  readonly maxBufferBytes: number;
  readonly maxBindingBytes: number;
  /** Null: it could not be timed. */
  readonly pace: GpuPace | null;
}

export interface Machine {
  readonly gpu: Gpu | null;
  /** Why there is no GPU; null where there is one. */
  readonly why: string | null;
  readonly jspi: boolean;
  /** More than 1 only on an isolated page, where memory can be shared. */
  readonly threads: number;
  /** How fast the processor moves memory. */
  readonly copyBytesPerMs: number;
}

/** Before each time that a card is asked for: one was seen to come 0.7 s after the first refusal. */
const AGAIN_MS = [0, 400, 600, 1000];
const MOST_THREADS = 8;
/** Beyond so many, a core is usually counted twice. */
const FEW_CORES = 4;

/** `known`: what was found last time; nothing is timed that was timed then. */
export async function probe(known: Machine | null): Promise<Machine> {
  const [gpu, why] = await lookForGpu(known?.gpu ?? null);
  const copyBytesPerMs = known?.copyBytesPerMs ?? timeCopy();
  return { gpu, why, jspi: hasJspi(), threads: countThreads(), copyBytesPerMs };
}

function countThreads(): number {
  if (!globalThis.crossOriginIsolated || typeof SharedArrayBuffer === "undefined") return 1;
  const cores = navigator.hardwareConcurrency || 1;
  if (cores <= FEW_CORES) return cores;
  return Math.min(MOST_THREADS, Math.max(FEW_CORES, Math.floor(cores / 2)));
}

async function lookForGpu(known: Gpu | null): Promise<[Gpu | null, string | null]> {
  if (!globalThis.isSecureContext) return [null, "this address is not secure (no https)"];
  if (!navigator.gpu) return [null, "this browser has no WebGPU"];
  try {
    const adapter = await findAdapter(known);
    if (!adapter) return [null, "this browser found no graphics card that it may use"];
    return [await describe(adapter, known), null];
  } catch (error) {
    return [null, `the graphics card does not answer (${String(error)})`];
  }
}

/** A browser that has just started may first know no card, or only a played one. */
async function findAdapter(known: Gpu | null): Promise<GPUAdapter | null> {
  let found: GPUAdapter | null = null;
  for (const waitMs of AGAIN_MS) {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    found = (await navigator.gpu.requestAdapter()) ?? found;
    if (found && (!isFallback(found) || known?.fallback)) break;
  }
  return found;
}

function isFallback({ info }: GPUAdapter): boolean {
  const software = /swiftshader|llvmpipe|basic render/i.test(nameOf(info));
  return software || Boolean(info.isFallbackAdapter);
}

function nameOf({ vendor, architecture, device, description }: GPUAdapterInfo): string {
  return [vendor, architecture, device, description].filter(Boolean).join(" ") || "unnamed";
}

async function describe(adapter: GPUAdapter, known: Gpu | null): Promise<Gpu> {
  const [name, fallback] = [nameOf(adapter.info), isFallback(adapter)];
  return {
    name,
    fallback,
    half: adapter.features.has("shader-f16"),
    maxBufferBytes: adapter.limits.maxBufferSize,
    maxBindingBytes: adapter.limits.maxStorageBufferBindingSize,
    pace: known?.name === name ? known.pace : fallback ? null : await paceOf(adapter),
  };
}

const paceOf = (adapter: GPUAdapter): Promise<GpuPace | null> => timeGpu(adapter).catch(() => null);
