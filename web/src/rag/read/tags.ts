/**
 * A page's tags without their attributes, and without scripts and styles.
 *
 * The browser's own parser reads it afterwards, and runs nothing either; but it would complain of
 * every `style` and `onclick`, which the Content-Security-Policy forbids there too.
 */

/** What stands in these is no text, whatever it looks like. */
const RAW = /^<(script|style|iframe|noscript|noembed|noframes|xmp)\b/i;
const TAG = /^<\/?[a-zA-Z][^\s/>]*/;

/** Linear in the length of any text. */
export function bareTags(html: string): string {
  const pieces: string[] = [];
  let at = 0;
  for (let open = html.indexOf("<"); open >= 0; open = html.indexOf("<", at)) {
    pieces.push(html.slice(at, open));
    const head = html.slice(open, open + 40);
    const name = TAG.exec(head)?.[0];
    if (name === undefined && !/^<[!?/]/.test(head)) {
      pieces.push("&lt;");
      at = open + 1;
      continue;
    }
    const end = endOf(html, open, head);
    if (end < 0) return pieces.join("");
    if (name !== undefined && !RAW.test(head)) pieces.push(`${name}>`);
    at = end;
  }
  return pieces.join("") + html.slice(at);
}

/** Where what begins at `open` is over; -1: never. */
function endOf(html: string, open: number, head: string): number {
  if (head.startsWith("<!--")) return after(html, "-->", open + 4);
  const end = closed(html, open);
  const raw = RAW.exec(head)?.[1];
  if (raw === undefined || end < 0) return end;
  const closing = new RegExp(`</${raw}[^>]*>`, "gi");
  closing.lastIndex = end;
  return closing.test(html) ? closing.lastIndex : -1;
}

/** Behind the tag's `>`; one in quotation marks is none, where these are closed soon. */
function closed(html: string, open: number): number {
  for (let at = open; ; at += 1) {
    const mark = html[at];
    if (mark === ">") return at + 1;
    if (mark === undefined) return -1;
    if (mark !== '"' && mark !== "'") continue;
    const quoted = html.indexOf(mark, at + 1);
    if (quoted > 0 && quoted - at < MOST_QUOTED) at = quoted;
  }
}

/** A longer attribute holds a picture: its text has no `>`. */
const MOST_QUOTED = 5000;

function after(html: string, mark: string, from: number): number {
  const found = html.indexOf(mark, from);
  return found < 0 ? -1 : found + mark.length;
}
