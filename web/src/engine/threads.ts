/** Whether the processor can compute on more than one thread: WebKitGTK isolates a page and shares no memory all the same. */
export function sharesMemory(): boolean {
  return globalThis.crossOriginIsolated === true && typeof SharedArrayBuffer !== "undefined";
}
