/** What the machine was found to be is kept in this browser, so that it is timed only once. */

import type { Machine } from "./probe.ts";

const KEY = "sprat.machine.1";

export function recall(): Machine | null {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null") as Machine | null;
    return typeof kept?.copyBytesPerMs === "number" ? kept : null;
  } catch {
    return null; // nothing can be kept here, or something else wrote there
  }
}

export function remember(machine: Machine): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(machine));
  } catch {
    // it is timed again next time
  }
}
