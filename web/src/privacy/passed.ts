/** What the service worker tells the page of a request that passed it. */

export interface Passed {
  readonly sprat: "passed";
  readonly address: string;
  readonly method: string;
  /** What it is for: "script", "worker", "image", …; "": a call of a script. */
  readonly destination: string;
  /** Answered here: nothing left this machine. */
  readonly kept: boolean;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

export function passedOf(request: Request, kept: boolean): Passed {
  const { url, method, destination } = request;
  const atMs = performance.timeOrigin + performance.now();
  return { sprat: "passed", address: url, method, destination, kept, atMs };
}

export function isPassed(data: unknown): data is Passed {
  return (data as Partial<Passed> | null)?.sprat === "passed";
}
