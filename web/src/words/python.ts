/**
 * Python's regular expressions in JavaScript's: a pattern is written once, and means the same in the
 * gateway and in the page.
 *
 * What JavaScript cannot say (verbose patterns, possessive repeats, conditions) throws a
 * `SyntaxError`; it never becomes another pattern.
 */

const WORD = "\\p{L}\\p{N}_";
/** `str.isspace`. */
export const SPACE =
  "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const IN_SET: Readonly<Record<string, string>> = {
  w: WORD,
  W: `[^${WORD}]`,
  d: "\\p{Nd}",
  D: "\\P{Nd}",
  s: SPACE,
  S: `[^${SPACE}]`,
};
const WIDE: ReadonlySet<string> = new Set(Object.values(IN_SET));
const EDGE = `(?:(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}]))`;
const NO_EDGE = `(?:(?<=[${WORD}])(?=[${WORD}])|(?<![${WORD}])(?![${WORD}]))`;
const ESCAPED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(IN_SET).map(([name, set]) => [name, `[${set}]`])),
  b: EDGE,
  B: NO_EDGE,
  A: "(?<![^])",
  Z: "(?![^])",
};
/** Escapes that are the same in both. */
const SAME = /^(?:[nrtfv]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[1-9]\d?)/;
const LONG = /^U[0-9a-fA-F]{8}/;
const REPEAT = /^\{(\d*)(,?)(\d*)\}/;
const OPENING = /^\(\?([aimsux]+)\)/;

/** The pattern; `flags` are Python's (`i`, `m`, `s`) and JavaScript's `g` and `y`. */
export function python(source: string, flags = ""): RegExp {
  const opening = OPENING.exec(source);
  const own = (opening?.[1] ?? "").replaceAll("u", "");
  if (/[ax]/.test(own)) throw new SyntaxError(`flags (?${own}) are Python's alone`);
  const all = new Set(flags + own);
  const told = new Translation(opening ? source.slice(opening[0].length) : source, all).text();
  const kept = [...all].filter((flag) => "igy".includes(flag));
  return new RegExp(told, `v${kept.join("")}`);
}

class Translation {
  private at = 0;
  private readonly source: string;
  private readonly flags: ReadonlySet<string>;

  constructor(source: string, flags: ReadonlySet<string>) {
    this.source = source;
    this.flags = flags;
  }

  text(): string {
    let made = "";
    while (this.at < this.source.length) made += this.next();
    return made;
  }

  private next(): string {
    const char = this.take();
    switch (char) {
      case "\\":
        return this.escape();
      case "[":
        return this.set();
      case "(":
        return this.group();
      case "{":
        return this.repeat();
      case "}":
      case "]":
        return `\\${char}`;
      case ".":
        return this.flags.has("s") ? "[^]" : "[^\\n]";
      case "^":
        return this.flags.has("m") ? "(?<![^\\n])" : "(?<![^])";
      case "$":
        return this.flags.has("m") ? "(?![^\\n])" : "(?![^\\n]|\\n[^])";
      case "/":
        return "\\/";
      default:
        return char;
    }
  }

  /** One character, whole. */
  private take(): string {
    const char = String.fromCodePoint(this.source.codePointAt(this.at) ?? 0);
    this.at += char.length;
    return char;
  }

  private escape(): string {
    return this.lettered() ?? ESCAPED[this.peek()] ?? this.plain();
  }

  private peek(): string {
    const char = this.source[this.at] ?? "";
    if (char in ESCAPED) this.at += 1;
    return char;
  }

  /** Escapes of characters by their number, and backreferences. */
  private lettered(): string | undefined {
    const rest = this.source.slice(this.at, this.at + 10);
    const long = LONG.exec(rest);
    const found = long ?? SAME.exec(rest);
    if (!found) return undefined;
    this.at += found[0].length;
    return long ? `\\u{${Number.parseInt(found[0].slice(1), 16).toString(16)}}` : `\\${found[0]}`;
  }

  /** A character that stands for itself; a letter never does. */
  private plain(): string {
    if (this.at >= this.source.length) throw new SyntaxError("it ends in a backslash");
    const char = this.take();
    if (/[A-Za-z0-9]/.test(char)) throw new SyntaxError(`\\${char} is Python's alone`);
    return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
  }

  private repeat(): string {
    const found = REPEAT.exec(this.source.slice(this.at - 1));
    if (!found || found[1] + (found[2] ?? "") + found[3] === "") return "\\{";
    this.at += found[0].length - 1;
    return found[2] === "" ? found[0] : `{${found[1] || 0},${found[3]}}`;
  }

  private group(): string {
    const rest = this.source.slice(this.at);
    const named = /^\?P<(\w+)>/.exec(rest);
    const again = /^\?P=(\w+)\)/.exec(rest);
    const said = /^\?#[^)]*\)/.exec(rest);
    const found = named ?? again ?? said ?? /^\?(?:[:=!]|<[=!])/.exec(rest);
    if (!found && rest.startsWith("?")) throw new SyntaxError(`(${rest.slice(0, 3)} is not read`);
    this.at += found?.[0].length ?? 0;
    if (named) return `(?<${named[1]}>`;
    if (again) return `\\k<${again[1]}>`;
    return said ? "(?:)" : `(${found?.[0] ?? ""}`;
  }

  private set(): string {
    let made = "[";
    if (this.source[this.at] === "^") {
      made += "^";
      this.at += 1;
    }
    for (let first = true; first || this.source[this.at] !== "]"; first = false) {
      made += this.member();
    }
    this.at += 1;
    return `${made}]`;
  }

  /** A range, or what stands alone. Its ends are escaped: `--` subtracts in a set of JavaScript's. */
  private member(): string {
    const low = this.one();
    if (this.source[this.at] !== "-" || this.source[this.at + 1] === "]") return low;
    this.at += 1;
    const high = this.one();
    if (WIDE.has(low) || WIDE.has(high)) throw new SyntaxError("a range ends in characters");
    return `${low}-${high}`;
  }

  /** A character of a set, or a class of them. */
  private one(): string {
    if (this.at >= this.source.length) throw new SyntaxError("a set is not closed");
    const char = this.take();
    if (char !== "\\") return inSet(char);
    const wide = IN_SET[this.source[this.at] ?? ""];
    if (wide) this.at += 1;
    if (!wide && this.source[this.at] === "b") throw new SyntaxError("\\b in a set is not read");
    return wide ?? this.lettered() ?? inSet(this.plain().replace(/^\\/, ""));
  }
}

function inSet(char: string): string {
  return /[()[\]{}/\-\\|&!#%,:;<=>@`~$*+.?^]/.test(char) ? `\\${char}` : char;
}

/** Whether the pattern stands at the beginning of `text`: Python's `re.match`. */
export function begins(pattern: RegExp, text: string): RegExpExecArray | null {
  const found = pattern.exec(text);
  return found?.index === 0 ? found : null;
}
