/** Any error → one line and what to do, for people. */

import { PageError } from "../types.ts";
import type { EngineState } from "./parts.ts";
import type { Trouble } from "./state.ts";
import { downloadText } from "./words.ts";

export function troubleOf(error: unknown): Trouble {
  if (error instanceof PageError) return { code: error.code, message: error.message, fix: error.fix };
  const said = error instanceof Error ? error.message : String(error);
  return { code: "unforeseen", message: `Something unforeseen happened: ${said.slice(0, 300)}`, fix: "Reload the page, then try again." };
}

/** What is needed, and is not there. */
export function missing(message: string, fix: string): PageError {
  return new PageError("missing", message, fix);
}

/** A download that a question waited for. */
export function paused(here: EngineState): PageError {
  return new PageError(
    "paused",
    `The download was paused: ${downloadText(here, null)}.`,
    "What is here stays. Go on with it here, or under Models; then the question can be answered.",
  );
}
