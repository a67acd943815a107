/** The text of one paragraph → its parts. One pass; what does not close stays text. */

import type { Inline } from "./types.ts";

type Mark = "**" | "__" | "*" | "_" | "~~";

interface Open {
  readonly mark: Mark;
  readonly at: number;
}

const KINDS = { "**": "strong", __: "strong", "*": "emphasis", _: "emphasis", "~~": "struck" } as const;

const MOST_OPEN = 32;
const LINK = /!?\[([^\[\]\n]{0,500})\]\(<?([^()\s<>]{1,2000})>?(?:\s+"[^"\n]{0,200}")?\)/y;
const BARE = /https?:\/\/[^\s<>"'`()\[\]]{1,2000}/y;
const CITE = /\[(\d{1,2})\]/y;
const MARKS = /\*\*|__|\*|_|~~/y;
const PLAIN = /[^\\`*_~\[!h\n]+/y;

export function inlineOf(text: string): Inline[] {
  return new Reading(text).all();
}

class Reading {
  readonly #text: string;
  #at = 0;
  readonly #out: Inline[] = [];
  #open: Open[] = [];
  /** Lengths of backtick runs that have no partner further on. */
  readonly #lone = new Set<number>();

  constructor(text: string) {
    this.#text = text;
  }

  all(): Inline[] {
    while (this.#at < this.#text.length) this.#next();
    return merged(this.#out);
  }

  #next(): void {
    const char = this.#text[this.#at];
    if (char === "\\") return this.#escaped();
    if (char === "`") return this.#code();
    if (char === "\n") return this.#break();
    if (this.#special(char)) return;
    this.#plain(this.#match(PLAIN)?.[0].length ?? 1);
  }

  /** Whether something but text begins here; it is read then. */
  #special(char: string | undefined): boolean {
    if (char === "[" || char === "!") return this.#link();
    if (char === "h") return this.#bare();
    return (char === "*" || char === "_" || char === "~") && this.#mark();
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text);
  }

  #plain(length: number): void {
    this.#out.push({ kind: "text", text: this.#text.slice(this.#at, this.#at + length) });
    this.#at += length;
  }

  #escaped(): void {
    const next = this.#text[this.#at + 1] ?? "";
    if (!/[!-/:-@[-`{-~]/.test(next)) return this.#plain(1);
    this.#at += 1;
    this.#plain(1);
  }

  #break(): void {
    this.#at += 1;
    this.#out.push({ kind: "break" });
  }

  #code(): void {
    const run = /^`+/.exec(this.#text.slice(this.#at, this.#at + 20))?.[0] ?? "`";
    const end = this.#lone.has(run.length) ? -1 : this.#closing(run);
    if (end < 0) {
      this.#lone.add(run.length);
      return this.#plain(run.length);
    }
    const inner = this.#text.slice(this.#at + run.length, end).replaceAll("\n", " ");
    const padded = inner.startsWith(" ") && inner.endsWith(" ") && inner.trim() !== "";
    this.#out.push({ kind: "code", text: padded ? inner.slice(1, -1) : inner });
    this.#at = end + run.length;
  }

  #closing(run: string): number {
    let end = this.#text.indexOf(run, this.#at + run.length);
    while (end >= 0 && this.#text[end + run.length] === "`") {
      let after = end;
      while (this.#text[after] === "`") after += 1;
      end = this.#text.indexOf(run, after);
    }
    return end;
  }

  #link(): boolean {
    const cite = this.#match(CITE);
    if (cite && this.#text[this.#at + cite[0].length] !== "(") {
      return this.#push({ kind: "cite", number: Number(cite[1]) }, cite[0].length);
    }
    const link = this.#match(LINK);
    if (!link) return false;
    const address = link[2] ?? "";
    const text = link[1] || address;
    // A picture would be a request: it is a link like any other.
    const part: Inline = safe(address) ? { kind: "link", text, address } : { kind: "text", text: link[0] };
    return this.#push(part, link[0].length);
  }

  #bare(): boolean {
    const found = this.#match(BARE)?.[0].replace(/[.,;:!?*_~]+$/, "");
    if (!found || !safe(found)) return false;
    return this.#push({ kind: "link", text: found, address: found }, found.length);
  }

  #push(part: Inline, length: number): true {
    this.#out.push(part);
    this.#at += length;
    return true;
  }

  #mark(): boolean {
    const mark = this.#match(MARKS)?.[0] as Mark | undefined;
    if (!mark) return false;
    const before = this.#text[this.#at - 1] ?? " ";
    const after = this.#text[this.#at + mark.length] ?? " ";
    const within = mark[0] === "_" && /\w/.test(before) && /\w/.test(after);
    if (!within && /\S/.test(before) && this.#close(mark)) return true;
    if (within || /\s/.test(after) || this.#open.length >= MOST_OPEN) return false;
    this.#open.push({ mark, at: this.#out.length });
    return this.#push({ kind: "text", text: mark }, mark.length);
  }

  #close(mark: Mark): boolean {
    const index = this.#open.findLastIndex((open) => open.mark === mark);
    const from = this.#open[index]?.at;
    if (from === undefined || from === this.#out.length - 1) return false;
    const inside = merged(this.#out.splice(from).slice(1));
    this.#open = this.#open.slice(0, index);
    return this.#push({ kind: KINDS[mark], inside }, mark.length);
  }
}

/** Only what a person may click on: no scripts, no files, no other programs. */
function safe(address: string): boolean {
  return /^(https?:\/\/[^\s/]|mailto:[^\s]+@)/i.test(address) && URL.canParse(address);
}

/** Neighbouring texts as one. */
function merged(parts: readonly Inline[]): Inline[] {
  const out: Inline[] = [];
  for (const part of parts) {
    const last = out.at(-1);
    if (part.kind === "text" && last?.kind === "text") out[out.length - 1] = { kind: "text", text: last.text + part.text };
    else out.push(part);
  }
  return out;
}
