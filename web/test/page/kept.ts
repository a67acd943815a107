/** A bare page around what keeps files: `openAll`, `models`, `removeModel`, … for the tests. */

import { ledger } from "../../src/privacy/page.ts";
import { keptModels, remove, usage, verifyAgain } from "../../src/kept/models.ts";
import { insecure } from "../../src/kept/words.ts";
import { workOffline } from "../../src/offline/register.ts";
import type { Ask, Opened } from "./kept.worker.ts";

let worker: Worker | null = null;
const told: object[] = [];

/** Opens files in a worker; what it told meanwhile is in `told`. */
function openAll(entries: Ask["entries"], base: string): Promise<Opened> {
  return tell({ entries, base });
}

/** The worker starts one of its own. */
function thread(): Promise<Opened> {
  return tell("thread");
}

function tell(order: Ask | "thread"): Promise<Opened> {
  worker ??= new Worker(new URL("./kept.worker.ts", import.meta.url), { type: "module" });
  const present = worker;
  return new Promise((resolve) => {
    present.onmessage = ({ data }: MessageEvent<{ progress?: object; done?: Opened }>) => {
      if (data.progress) told.push(data.progress);
      if (data.done) resolve(data.done);
    };
    present.onerror = (event) => resolve({ error: event.message });
    present.postMessage(order);
  });
}

function stop(): void {
  worker?.postMessage("stop");
}

const news: string[] = [];
const offline = workOffline(() => news.push("new"));

Object.assign(globalThis, {
  openAll,
  thread,
  stop,
  told,
  news,
  ledger,
  models: () => keptModels(),
  removeModel: (name: string) => remove(name),
  room: () => usage(),
  verify: (name: string) => verifyAgain(name, () => undefined),
  refusal: () => insecure(isSecureContext, new URL(location.href)),
  offlineReady: async () => (await offline)?.ready.then(() => true) ?? false,
  renew: async () => (await offline)?.renew(),
});
