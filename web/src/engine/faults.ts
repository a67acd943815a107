/** What goes wrong between the page and its worker, in words for people. */

import { PageError } from "../types.ts";

export function asPageError(error: unknown): PageError {
  if (error instanceof PageError) return error;
  return new PageError("runtime", `The model stopped: ${String(error)}.`, "Reload the page.");
}

export function busy(waiting: number): PageError {
  return new PageError("busy", `${waiting} questions wait already.`, "Wait for an answer first.");
}

export function closed(): PageError {
  return new PageError("closed", "The model here was closed.", "Ask again: it starts anew.");
}

export function hung(patienceMs: number): PageError {
  return new PageError(
    "hang",
    `The model has not moved for ${Math.round(patienceMs / 1000)} seconds.`,
    "Ask again; if it happens again, choose a smaller model or another way to compute.",
  );
}

export function crashed(message: string): PageError {
  const memory = /memory|allocat/i.test(message);
  return new PageError(
    memory ? "memory" : "runtime",
    `The model's worker has ended: ${message || "no reason given"}.`,
    memory ? "Close other tabs, or choose a smaller model." : "Ask again, or reload the page.",
  );
}

/** `characters`: of the answer, that were shown. */
export function cutOff(error: PageError, characters: number): PageError {
  return new PageError(
    error.code,
    `${error.message} The answer ended after ${characters} characters.`,
    "Ask again: the model is loaded another time.",
  );
}
