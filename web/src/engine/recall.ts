/**
 * What the machine was found to be is kept in this browser, so that it is timed, and a card waited for,
 * only once a week: a busy first hour, or a card that came late, must not decide for ever.
 */

import type { Machine } from "./probe.ts";

const KEY = "sprat.machine.2";
const WORTH_MS = 7 * 24 * 3600 * 1000;

interface Kept {
  readonly machine: Machine;
  /** Another one may have another way to the card. */
  readonly browser: string;
  readonly atMs: number;
}

export function recall(nowMs = Date.now()): Machine | null {
  return read(nowMs)?.machine ?? null;
}

/** What is still believed stays as old as it is. */
export function remember(machine: Machine, nowMs = Date.now()): void {
  const kept: Kept = { machine, browser: browser(), atMs: read(nowMs)?.atMs ?? nowMs };
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // it is timed again next time
  }
}

function read(nowMs: number): Kept | null {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null") as Kept | null;
    if (typeof kept?.machine?.copyBytesPerMs !== "number" || kept.browser !== browser()) return null;
    return nowMs >= kept.atMs && nowMs - kept.atMs < WORTH_MS ? kept : null;
  } catch {
    return null; // nothing can be kept here, or something else wrote there
  }
}

const browser = (): string => globalThis.navigator?.userAgent ?? "";
