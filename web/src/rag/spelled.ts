/** Numbers that are written in words, as figures: `sprat.rag.spelled`. */

import { python } from "../words/python.ts";

const UNITS =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen " +
  "sixteen seventeen eighteen nineteen";
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");
const SMALL = new Map<string, number>([
  ...UNITS.split(" ").map((word, number): [string, number] => [word, number]),
  ...TENS.map((word, at): [string, number] => [word, 10 * (at + 2)]),
]);
const LARGE = new Map([["thousand", 1e3], ["million", 1e6], ["billion", 1e9]]);
const WORD = [...SMALL.keys(), "hundred", ...LARGE.keys()].join("|");
const RUN = python(String.raw`\b(?:${WORD})(?:(?:\s?-\s?|\s+(?:and\s+)?)(?:${WORD}))*\b`, "gi");
const COUNTED = python(
  String.raw`(?<![\w.,])(\d{1,15}(?:\.\d{1,9})?|\d{1,3}(?:,\d{3}){1,4})\s+(hundred|thousand|million|billion)\b`,
  "gi",
);
const PART = python(String.raw`\w+`, "g");

/** The text with its spelled numbers in figures; a lone "one" stays, for it means persons too. */
export function inFigures(text: string): string {
  return text
    .replace(COUNTED, (_, number: string, word: string) => counted(number, word.toLowerCase()))
    .replace(RUN, (run) => figures(run.toLowerCase()));
}

/** "2.5 million": digits moved, so that nothing is rounded. */
function counted(number: string, word: string): string {
  const [whole = "", part = ""] = digits(number.replaceAll(",", "")).split(".");
  const zeros = Math.round(Math.log10(LARGE.get(word) ?? 100));
  const moved = whole + part.slice(0, zeros).padEnd(zeros, "0");
  const rest = part.slice(zeros).replace(/0+$/, "");
  return `${BigInt(moved)}${rest && `.${rest}`}`;
}

/** Python's digits are those of every script. */
function digits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => {
    let zero = digit.codePointAt(0) ?? 0;
    while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1)) && (digit.codePointAt(0) ?? 0) - zero < 9) zero -= 1;
    return String((digit.codePointAt(0) ?? 0) - zero);
  });
}

function figures(run: string): string {
  if (run === "one") return run;
  const sums = [new Sum()];
  let joined = false;
  for (const word of run.match(PART) ?? []) {
    const sum = sums.at(-1);
    if (word !== "and" && ((joined && !sum?.takesAnd) || !sum?.take(word))) {
      const next = new Sum();
      next.take(word);
      sums.push(next);
    }
    joined = word === "and";
  }
  return sums.map((sum) => sum.value).join(" ");
}

/** A number under way: `whole` is done, `part` may still be counted in thousands. */
class Sum {
  #whole = 0n;
  #part = 0n;
  #below = 1e12;
  #last = "";

  get value(): bigint {
    return this.#whole + this.#part;
  }

  get takesAnd(): boolean {
    return this.#last === "hundred" || LARGE.has(this.#last);
  }

  /** Whether the word goes on with the number; else it begins another one. */
  take(word: string): boolean {
    if (!this.#fits(word)) return false;
    const large = LARGE.get(word);
    const most = this.#part > 1n ? this.#part : 1n;
    if (large) {
      this.#whole += most * BigInt(large);
      [this.#part, this.#below] = [0n, large];
    } else if (word === "hundred") this.#part = most * 100n;
    else this.#part += BigInt(SMALL.get(word) ?? 0);
    this.#last = word;
    return true;
  }

  #fits(word: string): boolean {
    if (this.#last === "") return true;
    if (word === "zero" || this.#last === "zero") return false;
    const large = LARGE.get(word);
    if (large) return large < this.#below && !LARGE.has(this.#last);
    if (word === "hundred") return SMALL.has(this.#last) && this.#part < 100n;
    return this.takesAnd || (TENS.includes(this.#last) && (SMALL.get(word) ?? 0) < 10);
  }
}
