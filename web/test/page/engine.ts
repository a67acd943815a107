/** A bare page around the engine: `compute` its decoder alone, `engine` the whole of it. */

import { LocalEngine } from "../../src/engine/local.ts";
import type { EngineState, LocalOptions } from "../../src/engine/local.ts";
import type { PageError } from "../../src/types.ts";
import type { Ask } from "../../src/types.ts";
import type { Sung } from "./engine.worker.ts";

type Compute = (
  manifest: string, way: object, prompt: number[], cuts: number[][], steps: number,
) => Promise<Sung[] | string>;

/** The greedy continuation of a prompt for each way to cut it, with the logits of each step. */
const compute: Compute = (manifest, way, prompt, cuts, steps) => {
  const worker = new Worker(new URL("./engine.worker.ts", import.meta.url), { type: "module" });
  return new Promise((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<Sung[] | string>) => {
      worker.terminate();
      resolve(data);
    };
    worker.onerror = (event) => resolve(event.message);
    worker.postMessage({ manifest: new URL(manifest, location.href).href, way, prompt, cuts, steps });
  });
};

let opened: LocalEngine | null = null;
let states: EngineState[] = [];
/** Of the latest answer, that were shown. */
let pieces = 0;

/** Opens another engine; what it tells is kept. */
function open(options: Omit<LocalOptions, "onState">): void {
  opened?.close();
  states = [];
  opened = LocalEngine.open({ ...options, onState: (state) => states.push(state) });
}

/** Asks it; `stopAfter` pieces of text it is interrupted. */
async function ask(question: Ask, stopAfter = Infinity): Promise<object> {
  const stop = new AbortController();
  pieces = 0;
  const count = (): void => void (++pieces >= stopAfter && stop.abort());
  try {
    return { ...(await opened?.answer(question, count, stop.signal)), pieces };
  } catch (error) {
    const { code, message, fix } = error as PageError;
    return { code, message, fix, pieces };
  }
}

Object.assign(globalThis, { compute, open_: open, ask, states: () => states });
