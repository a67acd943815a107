/** Any error → one line and what to do, for people. */

import { PageError } from "../types.ts";
import type { Trouble } from "./state.ts";

export function troubleOf(error: unknown): Trouble {
  if (error instanceof PageError) return { code: error.code, message: error.message, fix: error.fix };
  const said = error instanceof Error ? error.message : String(error);
  return { code: "unforeseen", message: `Something unforeseen happened: ${said.slice(0, 300)}`, fix: "Reload the page, then try again." };
}

/** What is needed, and is not there. */
export function missing(message: string, fix: string): PageError {
  return new PageError("missing", message, fix);
}
