/** A page of the web as Markdown: parsed inertly, so that nothing in it runs or is fetched. */

import { bareTags } from "./tags.ts";

const LEFT_OUT = new Set(["SCRIPT", "STYLE", "TEMPLATE", "NOSCRIPT", "HEAD", "SVG", "IFRAME", "OBJECT", "CANVAS"]);
const BLOCK = new Set(
  ("ADDRESS ARTICLE ASIDE BLOCKQUOTE BODY DD DETAILS DIV DL DT FIGCAPTION FIGURE FOOTER FORM HEADER HR LI " +
    "MAIN NAV OL P PRE SECTION SUMMARY TABLE TBODY THEAD TR UL").split(" "),
);
/** Deeper nesting than that is no page that people wrote. */
const DEEPEST = 400;

/** Throws nothing: any text is a page. */
export function htmlText(source: string): string {
  const page = new DOMParser().parseFromString(bareTags(source), "text/html");
  const pieces: string[] = [];
  walk(page.body, pieces, 0, false);
  return pieces.join("").replace(/[ \t]+\n/g, "\n").replace(/\n{3,}/g, "\n\n").trim();
}

function walk(node: Node, into: string[], depth: number, asIs: boolean): void {
  if (depth > DEEPEST) return;
  if (node.nodeType === Node.TEXT_NODE) {
    const text = node.textContent ?? "";
    into.push(asIs ? text : text.replace(/\s+/g, " "));
    return;
  }
  if (node.nodeType !== Node.ELEMENT_NODE) return;
  const name = node.nodeName.toUpperCase();
  if (LEFT_OUT.has(name)) return;
  into.push(opening(name));
  for (const child of node.childNodes) walk(child, into, depth + 1, asIs || name === "PRE");
  into.push(closing(name));
}

function opening(name: string): string {
  const level = /^H([1-6])$/.exec(name)?.[1];
  if (level) return `\n\n${"#".repeat(Number(level))} `;
  if (name === "PRE") return "\n\n```\n";
  if (name === "LI") return "\n- ";
  if (name === "TR") return "\n| ";
  return name === "BR" || name === "DT" || name === "DD" ? "\n" : BLOCK.has(name) ? "\n\n" : "";
}

function closing(name: string): string {
  if (name === "PRE") return "\n```\n\n";
  if (name === "TD" || name === "TH") return " | ";
  if (name === "LI" || name === "TR") return "";
  return BLOCK.has(name) || /^H[1-6]$/.test(name) ? "\n\n" : "";
}
