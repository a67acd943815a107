/** The browser's own record: what was loaded, and what its policy stopped. */

import { type Tell, isAway } from "./entry.ts";

/** Loads that began before this are told too. */
export function observe(tell: Tell): void {
  if (globalThis.PerformanceObserver) {
    const seen = (list: PerformanceObserverEntryList) => {
      for (const entry of list.getEntries()) tellLoad(entry as PerformanceResourceTiming, tell);
    };
    new PerformanceObserver(seen).observe({ type: "resource", buffered: true });
  }
  addEventListener("securitypolicyviolation", (event) => {
    const { effectiveDirective: kind, blockedURI: address } = event as SecurityPolicyViolationEvent;
    const atMs = performance.timeOrigin + event.timeStamp;
    tell({ witness: "refused", kind, address, atMs });
  });
}

function tellLoad(load: PerformanceResourceTiming, tell: Tell): void {
  if (!isAway(load.name)) return;
  const atMs = performance.timeOrigin + load.startTime;
  const kind = load.initiatorType || "other";
  // "cache": the browser's own; nothing is said of a service worker's.
  const kept = (load as { deliveryType?: string }).deliveryType === "cache";
  tell({ witness: "observed", kind, address: load.name, atMs, ...(kept ? { kept } : {}) });
}
