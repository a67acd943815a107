/** The gateway's model, asked alone: what it has not seen yet goes along only after a yes. */

import type { Page } from "../page.ts";
import type { Looked, There } from "../parts.ts";
import { chosenThere } from "../state.ts";
import type { Turn } from "../state.ts";
import { missing } from "../trouble.ts";
import { PageError } from "../../types.ts";
import type { Ask } from "../../types.ts";
import { permitted } from "./permit.ts";

/** What goes with a question. */
export interface Along {
  readonly earlier: readonly Turn[];
  /** Null: there are no documents. */
  readonly looked: Looked | null;
}

export function there(page: Page): There {
  const name = chosenThere(page.state);
  if (!name) throw missing("The gateway offers no model.", "Answer here, or see what it has: sprat models list");
  return page.parts.gateway.open(name);
}

/** The same, once `asked` may be sent to it. Throws `PageError` "not-sent". */
export async function allowed(page: Page, id: number, asked: Ask, along: Along, signal: AbortSignal): Promise<There> {
  const large = there(page);
  const why = unseen(along);
  if (why === null) return large;
  const escalation = { to: large.address, payload: large.payload(asked), why, confidence: null, calibrated: false, draft: null };
  if (await permitted(page, id, escalation, signal)) return large;
  throw new PageError("not-sent", "Nothing was sent: it was not allowed.", "Answer here, or start a new chat without documents.");
}

/** What the gateway does not know of it yet, in one line; null: the question alone, which was meant for it. */
function unseen({ earlier, looked }: Along): string | null {
  const parts = [
    looked !== null && looked.passages.length > 0 ? "passages of your documents" : "",
    earlier.some((turn) => turn.reply?.where !== "gateway") ? "what was said here before" : "",
  ].filter((part) => part !== "");
  return parts.length === 0 ? null : `the question would take along ${parts.join(" and ")}`;
}
