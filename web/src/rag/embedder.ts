/** MiniLM in its worker, seen from the page. */

import { errorOf } from "../engine/protocol.ts";
import { PageError } from "../types.ts";
import { MOST_TEXTS, type FromEmbedder, type ToEmbedder } from "./protocol.ts";

/** Turns texts into vectors of length 1. */
export interface Embedder {
  /** One vector per text; throws a `PageError`. */
  embed(texts: readonly string[]): Promise<readonly Float32Array[]>;
  /** It is of no more use. */
  close?(): void;
}

export interface Progress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** For people: what is not as usual. */
  readonly note?: string;
}

interface Waiting {
  readonly resolve: (vectors: readonly Float32Array[]) => void;
  readonly reject: (error: PageError) => void;
}

export class PageEmbedder implements Embedder {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private readonly onProgress: (progress: Progress) => void;
  private ids = 0;
  private broken: PageError | null = null;

  private constructor(worker: Worker, onProgress: (progress: Progress) => void) {
    this.worker = worker;
    this.onProgress = onProgress;
  }

  /** Downloads and loads it; throws a `PageError`. `key`: of a locked gateway. */
  static async open(
    manifestUrl: string,
    onProgress: (progress: Progress) => void = () => {},
    key: string | null = null,
  ): Promise<PageEmbedder> {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    const made = new PageEmbedder(worker, onProgress);
    const url = new URL(manifestUrl, location.href).href;
    await new Promise<void>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<FromEmbedder>) => made.heard(data, resolve, reject);
      worker.onerror = (event) => made.fail(crashed(event.message), reject);
      made.say({ kind: "open", manifestUrl: url, key });
    });
    return made;
  }

  async embed(texts: readonly string[]): Promise<readonly Float32Array[]> {
    const made: Float32Array[] = [];
    for (let at = 0; at < texts.length; at += MOST_TEXTS) {
      made.push(...(await this.some(texts.slice(at, at + MOST_TEXTS))));
    }
    return made;
  }

  close(): void {
    this.worker.terminate();
    this.fail(new PageError("embed", "The embedding model was closed.", "Add the documents again."), () => {});
  }

  private some(texts: readonly string[]): Promise<readonly Float32Array[]> {
    if (this.broken) return Promise.reject(this.broken);
    const id = ++this.ids;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.say({ kind: "embed", id, texts });
    });
  }

  private say(message: ToEmbedder): void {
    this.worker.postMessage(message);
  }

  private heard(message: FromEmbedder, ready: () => void, reject: (error: PageError) => void): void {
    switch (message.kind) {
      case "progress":
        return this.onProgress(message);
      case "ready":
        return ready();
      case "vectors":
        this.waiting.get(message.id)?.resolve(message.vectors);
        return void this.waiting.delete(message.id);
      case "failed":
        if (message.id === null) return this.fail(errorOf(message.trouble), reject);
        this.waiting.get(message.id)?.reject(errorOf(message.trouble));
        return void this.waiting.delete(message.id);
    }
  }

  /** It is of no more use: nobody waits for it any longer. */
  private fail(error: PageError, reject: (error: PageError) => void): void {
    this.broken = error;
    this.worker.terminate();
    reject(error);
    for (const one of this.waiting.values()) one.reject(error);
    this.waiting.clear();
  }
}

function crashed(words: string): PageError {
  return new PageError(
    "embed",
    `The embedding model stopped: ${words || "no reason given"}.`,
    "Documents are searched by their words alone; reload the page to try again.",
  );
}
