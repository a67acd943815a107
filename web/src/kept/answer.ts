/** What a server's answer to "from byte N on" means for what is already here (RFC 9110, 14 and 15). */

export type Meaning =
  /** The rest comes: add it. */
  | "rest"
  /** The whole comes, or must be asked for: what is here goes. */
  | "whole"
  | "again from zero"
  /** Perhaps later. */
  | "wait"
  /** Never, by asking again. */
  | "no";

/**
 * `fromBytes` is what was asked for, `totalBytes` what the manifest says of the file.
 *
 * Another length than the manifest's is another file: the answer is not used.
 */
export function meaningOf(answer: Response, fromBytes: number, totalBytes: number): Meaning {
  if (answer.status === 206) return restOf(answer, fromBytes, totalBytes) ? "rest" : again(fromBytes);
  if (answer.status === 416) return again(fromBytes);
  if (answer.ok) return "whole";
  const later = answer.status >= 500 || answer.status === 429 || answer.status === 408;
  return later ? "wait" : "no";
}

function restOf(answer: Response, fromBytes: number, totalBytes: number): boolean {
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(answer.headers.get("content-range") ?? "");
  if (!range) return false;
  const [, from, total] = range;
  return Number(from) === fromBytes && (total === "*" || Number(total) === totalBytes);
}

/** Nothing was here, and still it is a piece that comes: asking for the same again helps nobody. */
function again(fromBytes: number): Meaning {
  return fromBytes > 0 ? "again from zero" : "no";
}

/** A weak ETag does not promise the same bytes. */
export function strongEtag(answer: Response): string | null {
  const etag = answer.headers.get("etag");
  return etag && !etag.startsWith("W/") ? etag : null;
}

/** `Range` and, where the bytes' own ETag is known, `If-Range`. */
export function rangeHeaders(fromBytes: number, etag: string | null): Record<string, string> {
  if (fromBytes === 0) return {};
  return { range: `bytes=${fromBytes}-`, ...(etag ? { "if-range": etag } : {}) };
}

/** Seconds or a date; null: not said. */
export function retryAfterMs(answer: Response, nowMs: number): number | null {
  const said = answer.headers.get("retry-after");
  if (!said) return null;
  const ms = /^\d+$/.test(said) ? Number(said) * 1000 : Date.parse(said) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}
