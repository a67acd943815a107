/** Bytes → text, where they are one: `sprat.rag.read.encoding` and `medium`. */

import { PageError } from "../../types.ts";

/** The first bytes of what is no text, in Latin-1. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^%PDF-/, "a PDF"],
  [/^PK(?:\x03\x04|\x05\x06)/, "an Office file or an archive"],
  [/^\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1/, "an Office file of the old kind"],
  [/^(?:\x89PNG|\xff\xd8\xff|GIF8[79]a|BM[^]{4}\0\0\0\0|II\*\0|MM\0\*|RIFF[^]{4}WEBP)/, "a picture"],
  [/^(?:ID3[\x02-\x04]\0|OggS\0|fLaC\0|RIFF[^]{4}WAVE|\0\0\0[^]ftyp|\x1aE\xdf\xa3)/, "sound or film"],
  [/^(?:\x1f\x8b|BZh[1-9]1AY|\xfd7zXZ|7z\xbc\xaf|Rar!\x1a|\x28\xb5\x2f\xfd)/, "an archive"],
  [/^(?:\x7fELF|MZ[^]\0|\xcf\xfa\xed\xfe|\xca\xfe\xba\xbe|\0asm)/, "a program"],
  [/^SQLite format 3\0/, "a database"],
];
const INDEXED = /PDF|Office/;
const STEERING = /[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]/g;
/** More accented letters than that stand in no text of a language that Latin-1 can write. */
const HIGH_SHARE = 0.3;

/**
 * The text, with a bare line feed after each line.
 *
 * UTF-8 or UTF-16 by its mark; else UTF-8; else Windows-1252 where it looks like text then. Throws
 * a `PageError`: these are no text's bytes.
 */
export function textOf(name: string, bytes: Uint8Array): string {
  refuseOthers(name, bytes);
  const text = marked(bytes) ?? unmarked(bytes);
  if (text === null || isNoise(text)) {
    throw new PageError("file", `${name} is no text, nor any document that is read here.`, "Save it as UTF-8 text if it is one.");
  }
  return lined(text);
}

/** With a bare line feed after each line. */
export function lined(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

function refuseOthers(name: string, bytes: Uint8Array): void {
  const start = String.fromCharCode(...bytes.subarray(0, 64));
  const kind = OTHERS.find(([pattern]) => pattern.test(start))?.[1];
  if (kind === undefined) return;
  const fix = INDEXED.test(kind)
    ? "Paste its text here, or let the gateway read it: sprat index FILE, then sprat chat."
    : "Drop a file of text: .txt, .md, .html, .csv, .json.";
  throw new PageError("file", `${name} is ${kind}, which this page does not read.`, fix);
}

function marked(bytes: Uint8Array): string | null {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  return null;
}

function unmarked(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const high = bytes.reduce((count, byte) => count + Number(byte >= 0x80), 0);
    return high > HIGH_SHARE * bytes.length ? null : new TextDecoder("windows-1252").decode(bytes);
  }
}

function isNoise(text: string): boolean {
  return text.includes("\0") || (text.match(STEERING)?.length ?? 0) > text.length / 1000;
}
