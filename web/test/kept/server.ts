/** A server in the shape of `fetch` that can cut, corrupt, refuse and change what it has. */

export interface Request {
  readonly path: string;
  /** What came in `Range` and `If-Range`; null: nothing. */
  readonly range: string | null;
  readonly ifRange: string | null;
}

export class Server {
  readonly files = new Map<string, Uint8Array>();
  readonly requests: Request[] = [];
  sentBytes = 0;
  /** The connection breaks after so many bytes of each answer; each answer takes the next of these. */
  cuts: number[] = [];
  ranges = true;
  etag = '"first"';
  /** These statuses come first, one each. */
  refusals: { status: number; headers?: Record<string, string> }[] = [];
  /** Bytes of a packet. */
  packet = 1000;
  onPacket: () => void | Promise<void> = () => undefined;

  readonly fetch = (async (input: URL, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    const [range, ifRange] = [headers.get("range"), headers.get("if-range")];
    this.requests.push({ path: input.pathname, range, ifRange });
    const refusal = this.refusals.shift();
    if (refusal) return new Response("", refusal);
    const name = decodeURIComponent(input.pathname.split("/").slice(4).join("/"));
    const file = this.files.get(name);
    if (!file) return new Response("", { status: 404 });
    return this.#answer(file, range, ifRange, init.signal ?? null);
  }) as unknown as typeof fetch;

  #answer(
    file: Uint8Array,
    range: string | null,
    ifRange: string | null,
    signal: AbortSignal | null,
  ): Response {
    const from = this.ranges && (!ifRange || ifRange === this.etag) ? fromOf(range) : 0;
    const headers: Record<string, string> = { etag: this.etag };
    if (from >= file.length && from > 0) return new Response("", { status: 416, headers });
    if (from > 0) headers["content-range"] = `bytes ${from}-${file.length - 1}/${file.length}`;
    const body = this.#body(file.subarray(from), this.cuts.shift() ?? Infinity, signal);
    return new Response(body, { status: from > 0 ? 206 : 200, headers });
  }

  #body(bytes: Uint8Array, cut: number, signal: AbortSignal | null): ReadableStream<Uint8Array> {
    let at = 0;
    const pull = async (stream: ReadableStreamDefaultController<Uint8Array>) => {
      await this.onPacket();
      if (signal?.aborted) return stream.error(signal.reason);
      if (at >= cut) return stream.error(new TypeError("network error"));
      const piece = bytes.slice(at, Math.min(at + this.packet, cut));
      at += piece.length;
      this.sentBytes += piece.length;
      if (piece.length > 0) stream.enqueue(piece);
      if (at >= bytes.length) stream.close();
    };
    return new ReadableStream({ pull }, { highWaterMark: 0 });
  }
}

function fromOf(range: string | null): number {
  return Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
}
