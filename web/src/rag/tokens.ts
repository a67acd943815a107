/** How many tokens a text has, about, for whatever model: `sprat.rag.tokens`. */

const PIECE = /[A-Za-z\u00c0-\u024f]{1,6}|[0-9]{1,2}|[^\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000A-Za-z0-9\u00c0-\u024f]/gu;
const HANGUL = /[\uac00-\ud7a3]/g;

/** Word pieces, counted on the high side. */
export function tokensAbout(text: string): number {
  return (text.match(PIECE)?.length ?? 0) + 2 * (text.match(HANGUL)?.length ?? 0);
}
