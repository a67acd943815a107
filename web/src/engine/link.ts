/** One worker: what is asked of it, and whether it still lives. */

import type { Manifest } from "../manifest.ts";
import type { Ask, PageError } from "../types.ts";
import { closed, crashed, hung } from "./faults.ts";
import type { Machine } from "./probe.ts";
import { errorOf } from "./protocol.ts";
import type { FromWorker, Passed, Piece, ToWorker, Way, Written } from "./protocol.ts";
import type { Preference } from "./ways.ts";

/** The part of `Worker` that is used: tests have another. */
export interface Workers {
  postMessage(message: ToWorker): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

/** How long a worker may say nothing, in milliseconds; while it downloads, as long as it takes. */
export interface Patience {
  readonly probing: number;
  /** A runtime with threads, when its files are here: Firefox may never start one. */
  readonly starting: number;
  /** Making a session is one call that cannot report. */
  readonly loading: number;
  readonly answering: number;
}

export const PATIENCE: Patience = { probing: 20_000, starting: 30_000, loading: 300_000, answering: 60_000 };

export type Phase = Extract<FromWorker, { kind: "phase" }>;

interface Waiting {
  readonly saw: (message: FromWorker) => boolean;
  readonly resolve: () => void;
  readonly reject: (error: PageError) => void;
  readonly patienceMs: number;
  /** From the word "loading" to the next. */
  readonly startingMs: number;
}

export class Link {
  /** Called when the worker is of no more use, whether or not something waits for it. */
  onBroken: (error: PageError) => void = () => undefined;
  /** Why it is of no more use. */
  broken: PageError | null = null;
  readonly #worker: Workers;
  readonly #patience: Patience;
  #waiting: Waiting | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastId = 0;

  constructor(worker: Workers, patience: Patience) {
    this.#worker = worker;
    this.#patience = patience;
    worker.onmessage = ({ data }) => this.#hear(data);
    worker.onerror = (event) => this.#break(crashed(event.message));
  }

  /** `known`: what was found last time, so that it is not timed again. */
  async probe(known: Machine | null, wanted: Preference): Promise<Machine> {
    let machine: Machine | null = null;
    await this.#ask({ kind: "probe", known, wanted }, this.#patience.probing, (message) => {
      if (message.kind === "machine") machine = message.machine;
      return machine !== null;
    });
    return machine as unknown as Machine;
  }

  /** `known`: this way has computed rightly before. Gives what it has shown now; null: that still holds. */
  async open(
    manifest: Manifest, base: string, way: Way, known: Passed | null, onPhase: (phase: Phase) => void,
  ): Promise<Passed | null> {
    let passed: Passed | null = null;
    const order = { kind: "open", manifest, base, way, known } as const;
    const { loading, starting } = this.#patience;
    const saw = (message: FromWorker): boolean => {
      if (message.kind === "phase") onPhase(message);
      if (message.kind === "ready") passed = message.passed;
      return message.kind === "ready";
    };
    await this.#ask(order, loading, saw, way.threads > 1 ? starting : loading);
    return passed;
  }

  /** After `begun`. Raises the worker's PageError; `broken` is set where that was its end. */
  async answer(
    ask: Ask, begun: readonly number[], onPiece: (piece: Piece) => void, signal?: AbortSignal,
  ): Promise<Written> {
    const id = ++this.#lastId;
    const cancel = (): void => this.#worker.postMessage({ kind: "cancel", id });
    let written: Written | null = null;
    const done = this.#ask({ kind: "answer", id, ask, begun }, this.#patience.answering, (message) => {
      if (message.kind === "text" && message.id === id) onPiece(message);
      if (message.kind === "done" && message.id === id) written = message.written;
      return written !== null;
    });
    signal?.addEventListener("abort", cancel);
    if (signal?.aborted) cancel();
    await done.finally(() => signal?.removeEventListener("abort", cancel));
    return written as unknown as Written;
  }

  /** Whatever waits for the worker fails with `why`, and so does what is asked of it later. */
  end(why: PageError = closed()): void {
    this.broken ??= why;
    clearTimeout(this.#timer);
    this.#worker.onmessage = this.#worker.onerror = null;
    this.#worker.terminate();
    if (this.#waiting) this.#settle().reject(this.broken);
  }

  #ask(
    message: ToWorker, patienceMs: number, saw: (message: FromWorker) => boolean, startingMs = patienceMs,
  ): Promise<void> {
    if (this.broken) return Promise.reject(this.broken);
    return new Promise((resolve, reject) => {
      this.#waiting = { saw, resolve, reject, patienceMs, startingMs };
      this.#watch();
      this.#worker.postMessage(message);
    });
  }

  #hear(message: FromWorker): void {
    if (message.kind === "failed") return this.#fail(message);
    this.#watch(message);
    if (!this.#waiting?.saw(message)) return;
    this.#settle().resolve();
  }

  #fail({ id, trouble }: Extract<FromWorker, { kind: "failed" }>): void {
    const error = errorOf(trouble);
    if (id === null || ["memory", "runtime", "canary"].includes(error.code)) this.#break(error);
    else if (this.#waiting) this.#settle().reject(error);
  }

  #break(error: PageError): void {
    if (this.broken) return;
    this.end(error);
    this.onBroken(error);
  }

  #settle(): Waiting {
    const waiting = this.#waiting as Waiting;
    this.#waiting = null;
    clearTimeout(this.#timer);
    return waiting;
  }

  #watch(message?: FromWorker): void {
    clearTimeout(this.#timer);
    const phase = message?.kind === "phase" ? message.phase : null;
    if (!this.#waiting || phase === "downloading") return;
    const { patienceMs, startingMs } = this.#waiting;
    const mostMs = phase === "loading" ? startingMs : patienceMs;
    this.#timer = setTimeout(() => this.#break(hung(mostMs)), mostMs);
  }
}
