/** Text as Python sees it: characters are code points, white space is Unicode's. */

import { python, SPACE } from "./python.ts";

const SPACES = python(`[${SPACE}]+`, "g");
const ENDS = python(`^[${SPACE}]+|[${SPACE}]+\\Z`, "g");
const LINE = /\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]/;

/** How many characters. */
export function length(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length; at += 1) {
    if (isHigh(text, at)) count -= 1;
  }
  return count;
}

function isHigh(text: string, at: number): boolean {
  const low = text.charCodeAt(at + 1);
  return (text.charCodeAt(at) & 0xfc00) === 0xd800 && (low & 0xfc00) === 0xdc00;
}

/** The first `count` characters. */
export function head(text: string, count: number): string {
  let at = 0;
  for (let taken = 0; taken < count && at < text.length; taken += 1) at += isHigh(text, at) ? 2 : 1;
  return text.slice(0, at);
}

/** The last `count` characters. */
export function tail(text: string, count: number): string {
  const all = length(text);
  return all <= count ? text : text.slice(head(text, all - count).length);
}

/** Python's `split()`: the pieces between white space. */
export function split(text: string): string[] {
  return text.split(SPACES).filter((piece) => piece !== "");
}

export function strip(text: string): string {
  return text.replace(ENDS, "");
}

export function stripStart(text: string): string {
  return strip(`${text}.`).slice(0, -1);
}

export function stripEnd(text: string): string {
  return strip(`.${text}`).slice(1);
}

/** Python's `splitlines()`. */
export function lines(text: string): string[] {
  const found = text.split(LINE);
  if (found.at(-1) === "") found.pop();
  return found;
}

export function count(text: string, piece: string): number {
  return text.split(piece).length - 1;
}

/**
 * Python's `casefold()`.
 *
 * Upper case first, for "ß" is "ss" there; Cherokee, which Unicode folds upwards, is folded
 * downwards, and so equals itself all the same.
 */
export function casefold(text: string): string {
  let made = "";
  for (const char of text) {
    if (char === "\u1e9e") made += "ss";
    else if (char === "\u0131") made += char;
    else for (const upper of char.toUpperCase()) made += upper.toLowerCase();
  }
  return made;
}

/** Unicode compatibility forms (NFKC) and case made equal. */
export function fold(text: string): string {
  return casefold(text.normalize("NFKC")).normalize("NFKC");
}
