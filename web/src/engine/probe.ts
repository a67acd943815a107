/** What this machine can compute with, and a short look at how fast. Runs in the worker. */

import { hasJspi } from "./runtime.ts";
import { timeCopy, timeGpu } from "./pace.ts";
import type { GpuPace } from "./pace.ts";
import { timeProducts } from "./products.ts";
import { sharesMemory } from "./threads.ts";
import type { Preference } from "./ways.ts";

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
  /** Nobody has looked for a card: the processor was chosen. */
  readonly unlooked?: boolean;
  readonly jspi: boolean;
  /** More than 1 only on an isolated page, where memory can be shared. */
  readonly threads: number;
  /** How fast the processor moves memory. */
  readonly copyBytesPerMs: number;
  /** How fast one thread of it multiplies by 8-bit weights; null: it could not be timed. */
  readonly productBytesPerMs: number | null;
}

/** How long a card may take to answer, in milliseconds. */
export interface Looking {
  /** Where something else can compute. */
  readonly auto: number;
  /** The same, where there was none last time. */
  readonly again: number;
  /** Where a person asked for the card. */
  readonly webgpu: number;
}

const LOOKING: Looking = { auto: 4000, again: 1000, webgpu: 12_000 };
/** Before each time that a card is asked for: one was seen to come 0.7 s after the first refusal. */
const AGAIN_MS = [0, 400, 600, 1000];
/** Where none came last time, though it was waited for. */
const ONCE_MS = [0];
const MOST_THREADS = 8;
/** Beyond so many, a core is usually counted twice. */
const FEW_CORES = 4;

/** `known`: what was found last time; nothing is timed, and no card waited for, a second time. */
export async function probe(
  known: Machine | null, wanted: Preference = "auto", looking = LOOKING,
): Promise<Machine> {
  const found = wanted === "wasm" ? unlooked(known) : await lookForGpu(known, wanted, looking);
  const copyBytesPerMs = known?.copyBytesPerMs ?? timeCopy();
  const productBytesPerMs = known?.productBytesPerMs ?? (await timeProducts());
  return { ...found, jspi: hasJspi(), threads: countThreads(), copyBytesPerMs, productBytesPerMs };
}

function countThreads(): number {
  if (!sharesMemory()) return 1;
  const cores = navigator.hardwareConcurrency || 1;
  if (cores <= FEW_CORES) return cores;
  return Math.min(MOST_THREADS, Math.max(FEW_CORES, Math.floor(cores / 2)));
}

type Found = Pick<Machine, "gpu" | "why" | "unlooked">;

function unlooked(known: Machine | null): Found {
  if (known && !known.unlooked) return { gpu: known.gpu, why: known.why };
  return { gpu: null, why: "the processor was chosen", unlooked: true };
}

async function lookForGpu(
  known: Machine | null, wanted: "auto" | "webgpu", looking: Looking,
): Promise<Found> {
  if (!globalThis.isSecureContext) return without("this address is not secure (no https)");
  if (!navigator.gpu) return without("this browser has no WebGPU");
  try {
    if (!hasNone(known)) return await within(looking[wanted], found(known?.gpu ?? null, AGAIN_MS));
    return await within(wanted === "auto" ? looking.again : looking[wanted], found(null, ONCE_MS));
  } catch (error) {
    return without(`the graphics card does not answer (${String(error)})`);
  }
}

/** It was looked for with patience, and did not come or did not answer. */
const hasNone = (known: Machine | null): boolean => known !== null && !known.gpu && !known.unlooked;

const without = (why: string): Found => ({ gpu: null, why });

async function found(known: Gpu | null, timesMs: readonly number[]): Promise<Found> {
  const adapter = await findAdapter(known, timesMs);
  if (!adapter) return without("this browser found no graphics card that it may use");
  return { gpu: await describe(adapter, known), why: null };
}

/** A driver that hangs lets the browser's own promise wait for ever. */
async function within<T>(mostMs: number, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(`nothing for ${mostMs / 1000} s`), mostMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A browser that has just started may first know no card, or only a played one. */
async function findAdapter(known: Gpu | null, timesMs: readonly number[]): Promise<GPUAdapter | null> {
  let found: GPUAdapter | null = null;
  for (const waitMs of timesMs) {
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
