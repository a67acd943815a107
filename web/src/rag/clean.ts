/**
 * An answer made of other people's text, made safe to show: no remote images, no hidden links:
 * `sprat.rag.clean`. Piece by piece, so that an answer can stream.
 */

import { python } from "../words/python.ts";
import { stripEnd } from "../words/text.ts";

/** So many characters are held back at most while a bracket is open. */
const HELD = 600;
const IMAGE = python(String.raw`!\[([^\]]{0,600})\](?:\([^)]{0,600}\)|\[[^\]]{0,600}\])?`, "g");
const LINK = python(String.raw`\[([^\]]{0,600})\]\((?=(\s{0,9}))\2<?(?=([^)\s>]{0,600}))\3>?[^)]{0,600}\)`, "g");
const DEFINED = python(String.raw`^[ ]{0,3}\[[^\]\n]+\]:\s*\S+.*$`, "gm");
const TAG = python(String.raw`</?[a-zA-Z!?][^<>]{0,600}>`, "g");
const URL_ = python(
  String.raw`(?:(?<![${"`"}\w])(?:https?|ftp|data|javascript|file)://?|\bwww\.|(?<![${"`"}/:\w])//[\w-]+\.)[^\s<>${"`"}"')\]]+`,
  "gi",
);
const CITED = python(String.raw`[ \t]*\[\s*(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\s*\]`, "g");
const OPEN = python(String.raw`!?\[[^\]]*\Z|\]\Z|\]\([^)]*\Z|<(?:[a-zA-Z/!?][^<>]*)?\Z|!\Z`);
/** Where an image, a link, a hidden address or a tag would begin or go on. */
const BEGINS = python(String.raw`!(?=\[)|\](?=[(:])|<(?=[a-zA-Z/!?])`, "g");
const LAST = python(String.raw`\s+\S*\Z`);
const DIGITS = /\p{Nd}+/gu;

/** Takes an answer in pieces and gives it back clean, in pieces. */
export class Cleaner {
  /** Numbers of passages, in the order in which the answer cites them. */
  readonly cited: number[] = [];
  /** Citations of passages that there are not; they are not shown. */
  wrong = 0;
  private readonly question: string;
  private readonly most: number;
  private held = "";
  private last = "";

  /** `most`: the largest number that may be cited. */
  constructor(question: string, most: number) {
    this.question = question;
    this.most = most;
  }

  /** What can be shown by now. */
  feed(text: string): string {
    this.held += text;
    const cut = this.safe();
    const ready = this.held.slice(0, cut);
    this.held = this.held.slice(cut);
    return this.cleaned(ready);
  }

  /** What was held back; then `number`, if the answer cites nothing by itself. */
  end(number: number | null): string {
    const ready = this.held;
    this.held = "";
    const more = stripEnd(this.cleaned(ready));
    if (number === null || this.cited.length > 0) return more;
    this.cited.push(number);
    return `${more} [${number}]`;
  }

  /** Up to where nothing is open: before the last word, and before a bracket. */
  private safe(): number {
    if (this.held.length > HELD) return this.held.length;
    let cut = LAST.exec(this.held)?.index ?? 0;
    for (let open = this.openBefore(cut); cut && open !== null; open = this.openBefore(cut)) cut = open;
    return stripEnd(this.held.slice(0, cut)).length;
  }

  private openBefore(cut: number): number | null {
    return OPEN.exec(this.held.slice(0, cut))?.index ?? null;
  }

  private cleaned(text: string): string {
    const plain = text
      .replace(TAG, "")
      .replace(DEFINED, "")
      .replace(IMAGE, "$1")
      .replace(LINK, (_, label: string, _space: string, url: string) => linkText(label, url))
      .replace(URL_, (found) => this.address(found))
      .replace(CITED, (found, numbers: string) => this.citation(found, numbers));
    return this.broken(plain);
  }

  /** Whatever is left that a page could take for Markdown or HTML, taken apart by a space. */
  private broken(text: string): string {
    const made = (this.last + text).replace(BEGINS, "$& ").slice(this.last.length);
    this.last = made.slice(-1) || this.last;
    return made;
  }

  /** As code, which no page makes a link of; those of the question are the user's own. */
  private address(found: string): string {
    const url = found.replace(/[.,;:!?]+$/, "");
    return this.question.includes(url) ? found : `\`${url}\`${found.slice(url.length)}`;
  }

  private citation(found: string, said: string): string {
    const numbers = [...new Set((said.match(DIGITS) ?? []).map(Number))];
    if (!numbers.some((number) => number > 0)) return found; // `x[0]` cites nothing.
    const good = numbers.filter((number) => number >= 1 && number <= this.most);
    this.wrong += numbers.length - good.length;
    this.cited.push(...good.filter((number) => !this.cited.includes(number)));
    return good.map((number) => ` [${number}]`).join("");
  }
}

function linkText(label: string, url: string): string {
  if (/^[\d,; ]+$/.test(label)) return `[${label}]`;
  return !url || label === url ? label : `${label} (${url})`;
}
