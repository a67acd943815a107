import "../../src/privacy/worker.ts";
import { openFiles } from "../../src/kept/open.ts";
import { keepRuntime } from "../../src/offline/register.ts";
import type { FileEntry } from "../../src/manifest.ts";

export interface Ask {
  readonly entries: readonly FileEntry[];
  readonly base: string;
}

export interface Opened {
  /** Name → where it is, its length and its SHA-256 by the browser; "": none in such a page. */
  readonly files?: Record<string, [where: "disk" | "memory", bytes: number, sha256: string]>;
  readonly error?: string;
  readonly code?: string;
}

let stop = new AbortController();

self.onmessage = async ({ data }: MessageEvent<Ask | "stop" | "thread">) => {
  if (data === "stop") return stop.abort();
  if (data === "thread") return thread();
  stop = new AbortController();
  self.postMessage({ done: await open(data) });
};

/** As the runtime's threads are: a worker of this worker, that tells nobody what it does. */
function thread(): void {
  const made = new Worker(new URL("./thread.worker.ts", import.meta.url), { type: "module" });
  made.onmessage = ({ data }) => self.postMessage(data);
}

async function open({ entries, base }: Ask): Promise<Opened> {
  try {
    const progress = (progress: object) => self.postMessage({ progress });
    const opened = await openFiles(entries, base, progress, stop.signal);
    await (await fetch(new URL("./empty.wasm", import.meta.url))).arrayBuffer();
    await keepRuntime();
    const files: NonNullable<Opened["files"]> = {};
    for (const [name, file] of opened) files[name] = await described(file);
    return { files };
  } catch (error) {
    const { name, message, code } = error as Error & { code?: string };
    return { error: `${name}: ${message}`, ...(code ? { code: String(code) } : {}) };
  }
}

async function described(file: Blob | Uint8Array): Promise<["disk" | "memory", number, string]> {
  const bytes = file instanceof Blob ? new Uint8Array(await file.arrayBuffer()) : file;
  const where = file instanceof Blob ? "disk" : "memory";
  return [where, bytes.length, crypto.subtle ? await sha256Of(bytes) : ""];
}

async function sha256Of(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
