/** A model behind the gateway that served this page, as an `Engine`. */

import type { Ask, Engine, Reply } from "../types.ts";
import { Answer } from "./answer.ts";
import { cut, refusal, unreachable } from "./problems.ts";
import { Events } from "./sse.ts";
import { bodyOf, CHAT } from "./wire.ts";

export interface GatewayOptions {
  /** A name of `/v1/models`. */
  readonly model: string;
  /** Asked for each time, so that it can change; null: none. */
  readonly key?: () => string | null;
  /** Before `/v1/…`; the page's own origin unless set. */
  readonly base?: string;
}

export class GatewayEngine implements Engine {
  readonly name: string;
  readonly #key: () => string | null;
  readonly #base: string;

  constructor(options: GatewayOptions) {
    this.name = options.model;
    this.#key = options.key ?? (() => null);
    this.#base = options.base ?? "";
  }

  /** Where `answer` sends its payload. */
  get address(): string {
    return this.#base + CHAT;
  }

  /** Word for word what `answer` sends; the key goes beside it, in a header. */
  payload(ask: Ask): string {
    return bodyOf(this.name, ask);
  }

  /** Ends with what there is when `signal` says so. Throws `PageError`. */
  async answer(ask: Ask, onText: (text: string) => void, signal?: AbortSignal): Promise<Reply> {
    const answer = new Answer(this.name, performance.now(), onText);
    try {
      const whole = await this.#read(ask, answer, signal);
      if (!whole) throw cut(answer.chars);
    } catch (error) {
      if (signal?.aborted) return answer.reply(true);
      throw error;
    }
    return answer.reply(false);
  }

  /** Whether the end that was promised came. */
  async #read(ask: Ask, answer: Answer, signal?: AbortSignal): Promise<boolean> {
    const response = await fetch(this.address, this.#request(this.payload(ask), signal)).catch(noAnswer);
    if (!response.ok || !response.body) throw await refusal(response);
    const reader = response.body.getReader(); // Safari cannot iterate over a stream.
    try {
      return await read(reader, answer);
    } finally {
      void reader.cancel().catch(() => undefined); // Broken already: there is nothing to give up.
    }
  }

  #request(body: string, signal?: AbortSignal): RequestInit {
    const headers: Record<string, string> = { "Content-Type": "application/json" };
    const key = this.#key();
    if (key) headers["Authorization"] = `Bearer ${key}`;
    const rest = { cache: "no-store", credentials: "omit", ...(signal ? { signal } : {}) } as const;
    return { method: "POST", headers, body, ...rest };
  }
}

async function read(reader: ReadableStreamDefaultReader<Uint8Array>, answer: Answer): Promise<boolean> {
  const events = new Events();
  const text = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read().catch(() => { throw cut(answer.chars); });
    if (done) return false;
    for (const data of events.take(text.decode(value, { stream: true }))) {
      if (data === "[DONE]") return true;
      answer.take(data);
    }
  }
}

/** `fetch` has one error for whatever keeps it from an answer. */
function noAnswer(error: unknown): never {
  throw error instanceof TypeError ? unreachable() : error;
}
