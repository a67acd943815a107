/** Tokens in, whole characters out; nothing of a stop string is ever shown. */

/** Turns the bytes of one answer's tokens into characters, as each becomes complete. */
export class TextStream {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #strips: boolean;

  /** `strips`: the first space is not part of the text. */
  constructor(strips: boolean) {
    this.#strips = strips;
  }

  /** The characters that this token completes; "" while one is incomplete. */
  add(token: Uint8Array): string {
    const text = this.#decoder.decode(token, { stream: true });
    if (!this.#strips || text === "") return text;
    this.#strips = false;
    return text.startsWith(" ") ? text.slice(1) : text;
  }
}

/** Holds back text that may be the beginning of a stop string. */
export class StopFilter {
  /** A stop string was met. */
  stopped = false;
  readonly #stops: readonly string[];
  #held = "";

  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop !== "");
  }

  /** The part that can be shown. */
  add(text: string): string {
    if (this.#stops.length === 0) return text;
    this.#held += text;
    const found = this.#stops.map((stop) => this.#held.indexOf(stop)).filter((at) => at >= 0);
    if (found.length > 0) this.stopped = true;
    const keep = Math.max(...this.#stops.map((stop) => overlap(this.#held, stop)));
    return this.#show(this.stopped ? Math.min(...found) : this.#held.length - keep);
  }

  /** What was held back and turned out to be plain text. */
  flush(): string {
    return this.#show(this.#held.length);
  }

  #show(count: number): string {
    const shown = this.#held.slice(0, count);
    this.#held = this.stopped ? "" : this.#held.slice(count);
    return shown;
  }
}

/** How long an end of `text` is that `stop` begins with. */
function overlap(text: string, stop: string): number {
  for (let n = Math.min(text.length, stop.length - 1); n > 0; n--) {
    if (text.endsWith(stop.slice(0, n))) return n;
  }
  return 0;
}
