/** Whether an answer is what its name says. */

const KINDS: readonly (readonly [name: RegExp, kind: RegExp])[] = [
  [/\.wasm$/, /^application\/wasm$/],
  [/\.m?js$/, /^(?:text|application)\/(?:x-)?javascript$/],
  [/\.css$/, /^text\/css$/],
  [/\/(?:index\.html)?$/, /^text\/html$/],
];
/** Of every other name: anything but a page. */
const NO_PAGE = /^(?!text\/html$)/;

/**
 * Whether it may be kept: a network's login page, or the first page that a server gives for whatever it
 * has not, comes with a 200 as well.
 */
export function fits(address: string, answer: Response): boolean {
  const { pathname } = new URL(address);
  const kind = (answer.headers.get("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
  const wanted = KINDS.find(([name]) => name.test(pathname))?.[1] ?? NO_PAGE;
  return answer.status === 200 && wanted.test(kind);
}
