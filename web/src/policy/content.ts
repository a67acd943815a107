/** Which tokens of a JSON answer are its content, and which only its form. */

import { SPACE } from "../words/python.ts";
import { strip } from "../words/text.ts";
import { parseJson, type Json } from "./json.ts";
import type { TokenFacts } from "./tokens.ts";

const BLANK = new RegExp(`[${SPACE}]`, "v");

/** The value of a text that is one JSON document; undefined: it is none. */
export function documentOf(text: string): Json | undefined {
  try {
    return parseJson(text, true);
  } catch {
    return undefined;
  }
}

/** Whether a text is a JSON object or list, nobody having asked for one. */
export function isDocument(text: string): boolean {
  return /^[{[]/.test(strip(text)) && documentOf(text) !== undefined;
}

/** The tokens that hold a character of a value: what a brace, a key or a comma is, the form decides. */
export function contentOf(tokens: readonly TokenFacts[]): TokenFacts[] {
  const marks = valueMarks(tokens.map((token) => token.text).join(""));
  let end = 0;
  return tokens.filter((token) => {
    const start = end;
    end += token.text.length;
    return marks.slice(start, end).includes(true);
  });
}

/** For each UTF-16 unit, whether it belongs to a value: a string's inside, a number, a literal. */
export function valueMarks(text: string): boolean[] {
  const place = new Place();
  return text.split("").map((char) => place.isValue(char));
}

/** Where in a JSON document one is. It never looks ahead. */
class Place {
  private open: string[] = [];
  private key = false;
  private string = false;
  private escaped = false;

  isValue(char: string): boolean {
    if (this.string) return this.inString(char) && !this.key;
    switch (char) {
      case '"':
        this.string = this.open.length > 0;
        return false;
      case "{":
      case "[":
        this.open.push(char);
        this.key = char === "{";
        return false;
      case "}":
      case "]":
        this.open.pop();
        this.key = false;
        return false;
      case ",":
        this.key = this.open.at(-1) === "{";
        return false;
      case ":":
        this.key = false;
        return false;
      default:
        return this.open.length > 0 && !BLANK.test(char);
    }
  }

  private inString(char: string): boolean {
    if (this.escaped) this.escaped = false;
    else if (char === "\\") this.escaped = true;
    else if (char === '"') {
      this.string = false;
      return false;
    }
    return true;
  }
}
