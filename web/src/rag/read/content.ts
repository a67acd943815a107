/** What was pasted or dropped → its text and headings. */

import type { Content, Media } from "../document.ts";
import { lined, textOf } from "./bytes.ts";
import { htmlText } from "./html.ts";
import { markdownHeadings, textHeadings } from "./markdown.ts";

const CODE = /\.(?:json|jsonl|ndjson|ya?ml|toml|ini|cfg|conf|xml|csv|tsv|log)$/i;
const HTML = /^\s*(?:<\?xml[^>]*>\s*|<!--[^]*?-->\s*)*<(?:!doctype\s+html|html)\b/i;

/** A file's content, by its bytes and its name. Throws a `PageError`: it is not read here. */
export function contentOf(name: string, bytes: Uint8Array): Content {
  const text = textOf(name, bytes);
  return ofMedia(mediaOf(name, text), text);
}

/** Pasted text: Markdown where it has a heading of such. */
export function pasted(name: string, text: string): Content {
  const plain = lined(text).replaceAll("\0", "\ufffd");
  const media = /\.\w+$/.test(name) ? mediaOf(name, plain) : /^#{1,6}[ \t]+\S/m.test(plain) ? "markdown" : "text";
  return ofMedia(media, plain);
}

function mediaOf(name: string, text: string): Media {
  if (/\.html?$/i.test(name) || HTML.test(text.slice(0, 4096))) return "html";
  if (/\.(?:md|markdown|mdx|mdown|qmd)$/i.test(name)) return "markdown";
  return CODE.test(name) ? "code" : "text";
}

function ofMedia(media: Media, source: string): Content {
  const text = media === "html" ? htmlText(source) : source;
  if (media === "code") return { media, text, headings: [] };
  const headings = media === "text" ? textHeadings(text) : markdownHeadings(text);
  return { media, text, headings: [...headings] };
}
