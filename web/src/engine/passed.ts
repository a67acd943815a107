/**
 * Which ways have computed their canary rightly in this browser, so that the next start need compute a
 * part of it only. A pass is for the same code, weights, place and browser, and for a week.
 */

import type { Manifest } from "../manifest.ts";
import type { Machine } from "./probe.ts";
import { runtimePaths } from "./places.ts";
import { variantOf } from "./protocol.ts";
import type { Passed, Way } from "./protocol.ts";

const KEY = "sprat.passed.2";
const WORTH_MS = 7 * 24 * 3600 * 1000;
const MOST = 8;

type Entry = Passed & { readonly key: string; readonly atMs: number };

/** What must be the same: the page's own code, the runtime's, each file's bytes, what they shall compute, the place, the browser. */
export function passKey(manifest: Manifest, way: Way, machine: Machine | null): string {
  const { model, data, canary } = variantOf(manifest, way.variant);
  const { wasm } = runtimePaths(way.build);
  const code = [new URL("./worker.ts", import.meta.url).href, wasm].map(nameOf);
  const files = [model, ...data].map(({ sha256 }) => sha256);
  const card = way.backend === "webgpu" ? machine?.gpu?.name : undefined;
  const browser = globalThis.navigator?.userAgent;
  return JSON.stringify([...code, ...files, canary.top, way.backend, way.threads, card, browser]);
}

/** Null: it must be shown (again). */
export function passOf(key: string, nowMs = Date.now()): Passed | null {
  const found = read().find((entry) => entry.key === key);
  return found && nowMs >= found.atMs && nowMs - found.atMs < WORTH_MS ? found : null;
}

export function keepPass(key: string, { mostTokens, step }: Passed, atMs = Date.now()): void {
  write([...read().filter((entry) => entry.key !== key), { key, mostTokens, step, atMs }].slice(-MOST));
}

/** Whatever failed may fail for a reason that a canary finds. */
export function dropPass(key: string): void {
  write(read().filter((entry) => entry.key !== key));
}

/** In the built page it has the hash of what it names. */
const nameOf = (address: string): string => address.slice(address.lastIndexOf("/") + 1);

function read(): Entry[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isEntry) : [];
  } catch {
    return []; // nothing can be kept here, or something else wrote there
  }
}

function isEntry(read: Partial<Entry> | null): read is Entry {
  const { key, mostTokens, step, atMs } = read ?? {};
  if (typeof key !== "string" || typeof atMs !== "number" || !Array.isArray(step)) return false;
  return Number.isInteger(mostTokens) && mostTokens! > 0 && step.every(Number.isFinite);
}

function write(entries: readonly Entry[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(entries));
  } catch {
    // it is computed again next time
  }
}
