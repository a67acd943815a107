/** Markdown → blocks, line by line. It is read while it is still being written: what is open at the end counts as closed. */

import { inlineOf } from "./inline.ts";
import type { Align, Block } from "./types.ts";

const MOST_DEPTH = 6;
const MOST_COLUMNS = 32;

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]{0,40})/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])(\s+|$)/;

export function blocksOf(text: string): Block[] {
  return read(text.replace(/\r\n?/g, "\n").split("\n"), 0);
}

/** Reads from a list of lines; `at` is the next one. */
interface Lines {
  readonly all: readonly string[];
  at: number;
  readonly depth: number;
}

type Reader = (lines: Lines) => Block | null;

function read(all: readonly string[], depth: number): Block[] {
  const lines: Lines = { all, at: 0, depth };
  const readers: readonly Reader[] = depth < MOST_DEPTH
    ? [code, heading, rule, quote, list, table, paragraph]
    : [code, heading, rule, table, paragraph];
  const blocks: Block[] = [];
  while (lines.at < all.length) {
    if (here(lines).trim() === "") lines.at += 1;
    else blocks.push(first(readers, lines));
  }
  return blocks;
}

function first(readers: readonly Reader[], lines: Lines): Block {
  for (const reader of readers) {
    const block = reader(lines);
    if (block) return block;
  }
  throw new Error("unreachable: a paragraph takes any line");
}

function here(lines: Lines): string {
  return lines.all[lines.at] ?? "";
}

function code(lines: Lines): Block | null {
  const opened = FENCE.exec(here(lines));
  if (!opened) return null;
  const [, fence = "", language = ""] = opened;
  const from = (lines.at += 1);
  while (lines.at < lines.all.length && !closes(here(lines), fence)) lines.at += 1;
  const text = lines.all.slice(from, lines.at).join("\n");
  lines.at += 1;
  return { kind: "code", language, text };
}

function closes(line: string, fence: string): boolean {
  const trimmed = line.trim();
  return trimmed.length >= fence.length && trimmed === (fence[0] ?? "`").repeat(trimmed.length);
}

function heading(lines: Lines): Block | null {
  const found = HEADING.exec(here(lines));
  if (!found) return null;
  lines.at += 1;
  return { kind: "heading", level: (found[1] ?? "#").length, inside: inlineOf(closed(found[2] ?? "")) };
}

/** A heading may end in as many `#` as it likes. */
function closed(text: string): string {
  const whole = text.trim();
  const last = whole.lastIndexOf(" ");
  return /^#+$/.test(whole.slice(last + 1)) ? whole.slice(0, Math.max(0, last)).trimEnd() : whole;
}

function rule(lines: Lines): Block | null {
  if (!RULE.test(here(lines))) return null;
  lines.at += 1;
  return { kind: "rule" };
}

function quote(lines: Lines): Block | null {
  const inner: string[] = [];
  while (QUOTE.test(here(lines))) {
    inner.push(here(lines).replace(QUOTE, ""));
    lines.at += 1;
  }
  return inner.length > 0 ? { kind: "quote", blocks: read(inner, lines.depth + 1) } : null;
}

function list(lines: Lines): Block | null {
  const opened = ITEM.exec(here(lines));
  if (!opened) return null;
  const marker = opened[2] ?? "-";
  const ordered = /\d/.test(marker);
  const items: Block[][] = [];
  for (let found: RegExpExecArray | null = opened; found && sameKind(found, marker); found = ITEM.exec(here(lines))) {
    items.push(read(item(lines, found), lines.depth + 1));
  }
  return { kind: "list", start: ordered ? Number.parseInt(marker, 10) : null, items };
}

function sameKind(found: RegExpExecArray, marker: string): boolean {
  return found[2]?.at(-1) === marker.at(-1) && !RULE.test(found.input);
}

/** The lines of one item, without its indent; blank lines are taken only where the item goes on. */
function item(lines: Lines, found: RegExpExecArray): string[] {
  const indent = Math.min(found[0].length, (found[1] ?? "").length + 6);
  const inner = [here(lines).slice(found[0].length)];
  for (lines.at += 1; lines.at < lines.all.length; lines.at += 1) {
    const line = here(lines);
    if (line.trim() === "") {
      if (!indented(lines.all[lines.at + 1] ?? "", indent)) break;
      inner.push("");
    } else if (indented(line, indent)) inner.push(line.slice(Math.min(indent, line.length - line.trimStart().length)));
    else if (begins(line)) break;
    else inner.push(line);
  }
  while (lines.at < lines.all.length && here(lines).trim() === "" && ITEM.test(lines.all[lines.at + 1] ?? "")) lines.at += 1;
  return inner;
}

function indented(line: string, indent: number): boolean {
  const spaces = line.length - line.trimStart().length;
  return line.trim() !== "" && spaces >= Math.min(indent, 2);
}

/** Whether a line begins a block of its own, so that no paragraph takes it. */
function begins(line: string): boolean {
  return FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line) || ITEM.test(line);
}

function table(lines: Lines): Block | null {
  const aligns = alignsOf(lines.all[lines.at + 1] ?? "");
  if (!aligns || !here(lines).includes("|") || cells(here(lines)).length !== aligns.length) return null;
  const rows = [cells(here(lines))];
  for (lines.at += 2; here(lines).includes("|"); lines.at += 1) rows.push(cells(here(lines)));
  const even = rows.map((row) => aligns.map((_, column) => inlineOf(row[column] ?? "")));
  return { kind: "table", aligns, rows: even };
}

function alignsOf(line: string): Align[] | null {
  const parts = cells(line);
  if (!line.includes("-") || parts.length > MOST_COLUMNS || !parts.every((part) => /^:?-+:?$/.test(part))) return null;
  return parts.map((part) => {
    if (part.endsWith(":")) return part.startsWith(":") ? "center" : "right";
    return part.startsWith(":") ? "left" : null;
  });
}

function cells(line: string): string[] {
  const inner = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.replaceAll("\\|", "|").trim());
}

function paragraph(lines: Lines): Block {
  const taken = [here(lines).trim()];
  for (lines.at += 1; lines.at < lines.all.length; lines.at += 1) {
    const line = here(lines);
    if (line.trim() === "" || begins(line)) break;
    taken.push(line.trim());
  }
  return { kind: "paragraph", inside: inlineOf(taken.join("\n")) };
}
