/** Markdown's headings, by `#` and by underlines, none inside code: `sprat.rag.read.markdown`. */

import { begins, python } from "../../words/python.ts";
import { head, split, strip, stripEnd } from "../../words/text.ts";
import type { Heading } from "../document.ts";

const FENCE = python(String.raw`\A {0,3}(${"`"}{3,}|~{3,})`);
const HASHES = python(String.raw`\A {0,3}(#{1,6})(?=[ \t]|$)`);
const UNDERLINE = python(String.raw`\A {0,3}(=+|-+)[ \t]*$`);
/** Lines that no underline makes a heading: blank ones, lists, quotations, tables, code. */
const NO_TITLE = python(String.raw`\A(?:[ \t]*(?:$|[-*+>|#]|\d+[.)][ \t])| {4}|\t)`);
const FRONT = python(String.raw`\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)`, "s");
const LINK = python(String.raw`!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])`, "g");

/** Source: https://spec.commonmark.org (4.2, 4.3, 4.5). */
export function* markdownHeadings(text: string): Generator<Heading> {
  let at = begins(FRONT, text)?.[0].length ?? 0;
  let [fence, above, aboveAt] = ["", "", at];
  for (const line of text.slice(at).split("\n")) {
    const mark = FENCE.exec(line)?.[1];
    const hashes = HASHES.exec(line);
    const under = above ? UNDERLINE.exec(line)?.[1] : undefined;
    if (fence) {
      if (mark?.startsWith(fence) && new Set(strip(line)).size === 1) fence = "";
      above = "";
    } else if (mark) {
      [fence, above] = [mark, ""];
    } else if (hashes) {
      const title = plain(withoutClosing(line.slice(hashes[0].length)));
      if (title) yield { start: at, level: hashes[1]?.length ?? 1, text: title };
      above = "";
    } else if (under) {
      yield { start: aboveAt, level: under.startsWith("=") ? 1 : 2, text: plain(above) };
      above = "";
    } else {
      [above, aboveAt] = [NO_TITLE.test(line) ? "" : line, at];
    }
    at += line.length + 1;
  }
}

/** A row of `#` may end a heading, after a space. */
function withoutClosing(title: string): string {
  const whole = strip(title);
  const bare = whole.replace(/#+$/, "");
  return bare === "" || /[ \t]$/.test(bare) ? bare : whole;
}

/** A heading without its marks: links are their text, and emphasis and code are plain. */
function plain(title: string): string {
  const bare = head(title, 1000).replace(LINK, "$1").replace(/\*\*|__|`/g, "");
  return head(split(bare).join(" "), 200);
}

const UNDERLINED = python(
  String.raw`^(?P<title>[^\W_][^\n]{0,118})\n(?P<line>([=\-~^"'${"`"}#*+.:_])\3{2,})[ \t]*$`,
  "gm",
);

/** The underlined titles of plain text; a new kind of line is one level deeper. */
export function* textHeadings(text: string): Generator<Heading> {
  const levels = new Map<string, number>();
  for (const found of text.matchAll(UNDERLINED)) {
    const title = stripEnd(found.groups?.["title"] ?? "");
    const line = found.groups?.["line"] ?? "";
    if (line.length < [...title].length) continue;
    const level = levels.get(line.charAt(0)) ?? levels.size + 1;
    levels.set(line.charAt(0), level);
    yield { start: found.index, level, text: title };
  }
}
