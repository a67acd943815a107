/**
 * Streams of events, read piece by piece.
 *
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */

import { PageError } from "../types.ts";

/** No event of an answer is larger; a server that sends one is no gateway. */
const MOST_CHARS = 4 * 1024 * 1024;

/** Takes text as it comes, cut anywhere, and gives the `data` of every whole event. */
export class Events {
  #rest = "";
  #data: string[] = [];

  /** Throws `PageError` "stream": an event without end. */
  take(text: string): string[] {
    const found: string[] = [];
    for (const line of this.#lines(text)) {
      if (line === "") this.#close(found);
      else this.#field(line);
    }
    this.#bound();
    return found;
  }

  /** Whole lines; a CR at the very end waits, for an LF may follow it. */
  #lines(text: string): string[] {
    const all = this.#rest + text;
    const whole = all.endsWith("\r") ? all.slice(0, -1) : all;
    const lines = whole.split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? "") + all.slice(whole.length);
    return lines;
  }

  #field(line: string): void {
    if (!line.startsWith("data:")) return; // Comments keep a connection awake; names are not needed.
    this.#data.push(line.slice(line[5] === " " ? 6 : 5));
  }

  #bound(): void {
    const held = this.#data.reduce((sum, line) => sum + line.length, this.#rest.length);
    if (held > MOST_CHARS) throw endless(held);
  }

  #close(found: string[]): void {
    if (this.#data.length > 0) found.push(this.#data.join("\n"));
    this.#data = [];
  }
}

function endless(chars: number): PageError {
  const fix = "Look at the gateway's log.";
  return new PageError("stream", `An event of ${chars} characters did not end.`, fix);
}
