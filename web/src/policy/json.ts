/**
 * JSON in which 1 and 1.0 stay two numbers, as they are in Python: a policy's hash is over its
 * canonical text, and `JSON.parse` forgets which of the two stood there.
 */

/** A number as it was written. */
export class Numeral {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  get value(): number {
    return Number(this.text);
  }
  get isWhole(): boolean {
    return /^-?\d+$/.test(this.text);
  }
}

export type Json = null | boolean | string | Numeral | readonly Json[] | { readonly [key: string]: Json };

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const DEEPEST = 500;

/**
 * The value of a JSON text.
 *
 * `loose`: NaN and Infinity too, which Python's `json.loads` takes. Throws a `SyntaxError`.
 */
export function parseJson(text: string, loose = false): Json {
  return new Reader(text, loose).whole();
}

class Reader {
  private at = 0;
  private readonly text: string;
  private readonly loose: boolean;

  constructor(text: string, loose: boolean) {
    this.text = text;
    this.loose = loose;
  }

  whole(): Json {
    const value = this.value(0);
    if (this.at < this.text.length) throw this.fault();
    return value;
  }

  private value(depth: number): Json {
    if (depth > DEEPEST) throw new SyntaxError(`nested more than ${DEEPEST} deep`);
    this.match(SPACE);
    const made = this.one(depth);
    this.match(SPACE);
    return made;
  }

  private one(depth: number): Json {
    if (this.takes("{")) return this.fields(depth);
    if (this.takes("[")) return this.items(depth);
    if (this.text[this.at] === '"') return this.string();
    for (const [word, value] of [["null", null], ["true", true], ["false", false]] as const) {
      if (this.takes(word)) return value;
    }
    for (const word of this.loose ? ["NaN", "Infinity", "-Infinity"] : []) {
      if (this.takes(word)) return new Numeral(word);
    }
    const number = this.match(NUMBER);
    if (!number) throw this.fault();
    return new Numeral(number);
  }

  private fields(depth: number): Json {
    const made = new Map<string, Json>();
    this.match(SPACE);
    if (this.takes("}")) return {};
    do {
      this.match(SPACE);
      const key = this.string();
      this.match(SPACE);
      if (!this.takes(":")) throw this.fault();
      made.set(key, this.value(depth + 1));
    } while (this.takes(","));
    if (!this.takes("}")) throw this.fault();
    return Object.fromEntries(made);
  }

  private items(depth: number): Json {
    const made: Json[] = [];
    this.match(SPACE);
    if (this.takes("]")) return made;
    do made.push(this.value(depth + 1));
    while (this.takes(","));
    if (!this.takes("]")) throw this.fault();
    return made;
  }

  private string(): string {
    const found = this.match(STRING);
    if (!found) throw this.fault();
    return JSON.parse(found) as string;
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  private takes(word: string): boolean {
    const is = this.text.startsWith(word, this.at);
    if (is) this.at += word.length;
    return is;
  }

  private fault(): SyntaxError {
    return new SyntaxError(`character ${this.at} is not what JSON may have there`);
  }
}

/** Sorted keys, no white space, numbers as msgspec writes them. */
export function canonical(value: Json): string {
  if (value instanceof Numeral) return written(value);
  if (isList(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const keys = Object.keys(value).sort(byCodePoint);
    return `{${keys.map((key) => `${quoted(key)}:${canonical(value[key] ?? null)}`).join(",")}}`;
  }
  return typeof value === "string" ? quoted(value) : String(value);
}

/** Whether it is a list; `Array.isArray` does not narrow read-only ones. */
export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

/** JavaScript compares halves of surrogate pairs, which sort before U+E000 to U+FFFF. */
function byCodePoint(left: string, right: string): number {
  const [one, other] = [[...left], [...right]];
  for (let at = 0; at < Math.min(one.length, other.length); at += 1) {
    const apart = (one[at]?.codePointAt(0) ?? 0) - (other[at]?.codePointAt(0) ?? 0);
    if (apart !== 0) return apart;
  }
  return one.length - other.length;
}

/** The shortest digits that mean the same number, with an exponent below 1e-5 and from 1e16 on. */
function written(number: Numeral): string {
  if (number.isWhole) return number.text === "-0" ? "0" : number.text;
  const value = number.value;
  if (Object.is(value, -0)) return "-0.0";
  const size = Math.abs(value);
  if (size >= 1e16 || (size > 0 && size < 1e-5)) return value.toExponential().replace("+", "");
  const text = String(value);
  return text.includes(".") ? text : `${text}.0`;
}
