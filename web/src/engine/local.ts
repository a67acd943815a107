/** The model in this page, seen from the page: an `Engine` that loads itself and recovers. */

import type { Manifest } from "../manifest.ts";
import type { Ask, Engine, PageError, Reply } from "../types.ts";
import { asPageError, busy, closed, cutOff } from "./faults.ts";
import { Link, PATIENCE } from "./link.ts";
import type { Phase, Workers } from "./link.ts";
import { dropPass, keepPass, passKey, passOf } from "./passed.ts";
import type { Machine } from "./probe.ts";
import { checkAsk } from "./protocol.ts";
import type { Way } from "./protocol.ts";
import { readManifest } from "./read.ts";
import { recall, remember } from "./recall.ts";
import type { EngineState, LocalOptions } from "./state.ts";
import { Turn } from "./turn.ts";
import { waysOf } from "./ways.ts";

export type { EngineState, LocalOptions } from "./state.ts";

/** Questions that may wait for the one that is being answered. */
const MOST_WAITING = 8;
/** Troubles that another way to compute might not have. */
const OF_THE_WAY = ["canary", "lost", "memory", "hang", "runtime"];
const WORDS = { webgpu: "the graphics card (WebGPU)", wasm: "the processor (WASM)" } as const;

export class LocalEngine implements Engine {
  readonly name: string;
  readonly #options: LocalOptions;
  #state: EngineState = { phase: "idle" };
  #link: Link | null = null;
  #manifest: Manifest | null = null;
  /** What the probe found; null before. */
  #machine: Machine | null = null;
  /** What is left to try, the best first; the first is in use. */
  #ways: Way[] | null = null;
  #warm: Promise<void> | null = null;
  #line: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #isRetried = false;
  /** Aborted when it is closed. */
  readonly #closing = new AbortController();

  private constructor(options: LocalOptions) {
    this.#options = options;
    this.name = new URL(addressOf(options)).pathname.split("/").at(-2) ?? "model";
  }

  /** Nothing is fetched until `warm` or the first question. */
  static open(options: LocalOptions): LocalEngine {
    return new LocalEngine(options);
  }

  get state(): EngineState {
    return this.#state;
  }

  /** What this machine can compute with; null before the first `warm`. */
  get machine(): Machine | null {
    return this.#machine;
  }

  /** Download, load and try the model; at once where that is done. Raises PageError. */
  warm(): Promise<void> {
    if (this.#isClosed) return Promise.reject(closed());
    this.#warm ??= this.#load().catch((error: unknown) => {
      this.#warm = this.#ways = null;
      if (this.#isClosed) throw closed();
      this.#tell({ phase: "failed", error: asPageError(error) });
      throw error;
    });
    return this.#warm;
  }

  /** One question after the other. Raises PageError; an abort is no error but a "cancelled" reply. */
  answer(ask: Ask, onText: (text: string) => void, signal?: AbortSignal): Promise<Reply> {
    const turn = new Turn(this.name, onText);
    if (this.#waiting > MOST_WAITING) return Promise.reject(busy(this.#waiting));
    this.#waiting += 1;
    const reply = this.#line.then(() => this.#answer(turn, ask, signal));
    this.#line = reply.catch(() => undefined).then(() => void (this.#waiting -= 1));
    return reply;
  }

  /** End it and give its memory back; what waits for it fails with "closed", and it answers no more. */
  close(): void {
    if (this.#isClosed) return;
    this.#tell({ phase: "idle" });
    this.#closing.abort();
    this.#unlink();
  }

  async #load(): Promise<void> {
    const start = performance.now();
    if (!this.#ways) this.#tell({ ...this.#noted(), phase: "probing" });
    this.#manifest ??= await this.#readManifest();
    this.#ways ??= await this.#findWays(this.#manifest);
    await this.#openSomeWay(this.#manifest, this.#ways);
    this.#tell({ ...this.#noted(), phase: "ready", loadMs: performance.now() - start });
  }

  #readManifest(): Promise<Manifest> {
    return readManifest(addressOf(this.#options), this.#options.key, this.#closing.signal);
  }

  async #findWays(manifest: Manifest): Promise<Way[]> {
    const { backend = "auto", threads = 0 } = this.#options;
    this.#machine = await this.#linked().probe(recall(), backend);
    remember(this.#machine);
    return waysOf(manifest, this.#machine, backend, threads);
  }

  async #openSomeWay(manifest: Manifest, ways: Way[]): Promise<void> {
    for (;;) {
      const [way] = ways;
      try {
        if (!way) throw new Error("there is no way left");
        return await this.#openWay(manifest, way);
      } catch (error) {
        this.#unlink();
        this.#distrust(asPageError(error));
        if (!this.#stepDown(asPageError(error), ways)) throw error;
      }
    }
  }

  async #openWay(manifest: Manifest, way: Way): Promise<void> {
    const [link, base, key] = [this.#linked(), addressOf(this.#options), passKey(manifest, way, this.#machine)];
    const passed = await link.open(manifest, base, way, passOf(key), (phase) => this.#follow(phase));
    if (passed) keepPass(key, passed);
    link.onBroken = (error) => this.#lose(error);
  }

  /** The way in use went wrong: next time it computes its canary again. */
  #distrust({ code }: PageError): void {
    const [way] = this.#ways ?? [];
    if (OF_THE_WAY.includes(code) && way && this.#manifest) dropPass(passKey(this.#manifest, way, this.#machine));
  }

  /** Leave the way that failed, if there is another; false: there is none, or that would not help. */
  #stepDown(error: PageError, ways: Way[]): boolean {
    if (this.#isClosed || !OF_THE_WAY.includes(error.code)) return false;
    const [left, next] = ways;
    if (!left || !next) return false;
    ways.shift();
    const note = `${error.message} From here on ${WORDS[next.backend]} computes` +
      `${next.backend === left.backend ? " in a plainer way" : ""}.`;
    this.#tell({ phase: "recovering", note });
    return true;
  }

  /** A worker that was of use has ended. */
  #lose(error: PageError): void {
    this.#unlink();
    this.#distrust(error);
    this.#warm = null;
    // a card may be lost for a moment only: after sleep, or a new driver
    const again = error.code === "lost" && !this.#isRetried;
    if (again) this.#isRetried = true;
    if (again) this.#tell({ ...this.#noted(), note: error.message, phase: "recovering" });
    if (again || (this.#ways && this.#stepDown(error, this.#ways))) {
      void this.warm().catch(() => undefined);
    } else {
      this.#ways = null;
      this.#tell({ phase: "failed", error });
    }
  }

  async #answer(turn: Turn, ask: Ask, signal?: AbortSignal): Promise<Reply> {
    checkAsk(ask);
    for (;;) {
      const link = await this.#ready(turn, signal);
      if (!link) return turn.reply(null, this.#where);
      this.#tell({ ...this.#state, phase: "answering" });
      try {
        const written = await link.answer(ask, [...turn.tokens], (piece) => turn.add(piece), signal);
        this.#isRetried = false;
        this.#tell({ ...this.#state, phase: "ready" });
        return turn.reply(written, this.#where);
      } catch (error) {
        if (this.#isClosed && signal?.aborted) return turn.reply(null, this.#where);
        if (!link.broken) {
          this.#tell({ ...this.#state, phase: "ready" });
          throw error;
        }
        if (!this.#recovers) throw this.#ended(turn, error);
      }
    }
  }

  /** Loaded, and the time of that counted; null: aborted meanwhile. */
  async #ready(turn: Turn, signal?: AbortSignal): Promise<Link | null> {
    const start = performance.now();
    try {
      await Promise.race([this.warm(), aborted(signal)]);
    } catch (error) {
      throw this.#ended(turn, error);
    }
    turn.loaded(performance.now() - start);
    if (signal?.aborted) return null;
    if (this.#isClosed) throw closed();
    return this.#link;
  }

  /** Another worker goes on where one ended. */
  get #recovers(): boolean {
    return !this.#isClosed && this.#state.phase !== "failed";
  }

  /** What is thrown where no worker goes on. */
  #ended(turn: Turn, error: unknown): unknown {
    if (turn.text === "" || this.#isClosed) return error;
    return cutOff(asPageError(error), turn.text.length);
  }

  /** A worker that lives. Once closed, none is started: nobody would end it. */
  #linked(): Link {
    if (this.#isClosed) throw closed();
    if (this.#link && !this.#link.broken) return this.#link;
    const { spawn = startWorker, patience = PATIENCE } = this.#options;
    return (this.#link = new Link(spawn(), patience));
  }

  #unlink(): void {
    this.#link?.end();
    this.#link = null;
  }

  #follow({ phase, doneBytes, totalBytes, note }: Phase): void {
    const bytes = phase === "downloading" ? defined({ doneBytes, totalBytes }) : {};
    this.#tell({ ...this.#noted(), ...bytes, ...defined({ note }), phase });
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  get #where(): string {
    return this.#ways?.[0]?.backend ?? "wasm";
  }

  /** What stays true from one state to the next. */
  #noted(): Partial<EngineState> {
    const [way] = this.#ways ?? [];
    const place = way && { backend: way.backend, variant: way.variant, threads: way.threads };
    return { ...place, ...defined({ note: this.#state.note }) };
  }

  /** Nothing once it is closed: another engine may have its place by then. */
  #tell(state: EngineState): void {
    if (this.#isClosed) return;
    this.#state = state;
    this.#options.onState(state);
  }
}

/** Relative addresses are relative to the page. */
function addressOf({ manifestUrl }: LocalOptions): string {
  return new URL(manifestUrl, globalThis.location?.href).href;
}

function startWorker(): Workers {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
}

function aborted(signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}

function defined<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const pairs = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(pairs) as { [K in keyof T]?: NonNullable<T[K]> };
}
