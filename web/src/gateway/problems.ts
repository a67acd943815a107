/** What the gateway refused, and what to do about it. */

import { PageError } from "../types.ts";
import type { Problem } from "./wire.ts";

const MOST_CHARS = 400;

/** The error of an answer whose status is no success. */
export async function refusal(response: Response): Promise<PageError> {
  const problem = await problemOf(response);
  const said = clipped(problem.message ?? response.statusText);
  const code = problem.code ?? `http-${response.status}`;
  return new PageError(code, `The gateway refused (${response.status}): ${said}`, fixOf(response));
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const body: unknown = await response.json();
    const { error } = body as { error?: Problem };
    return error ?? {};
  } catch {
    return {}; // No JSON: something else than the gateway answered. The status says enough.
  }
}

function fixOf(response: Response): string {
  const { status } = response;
  if (status === 401) return "Enter the gateway's key under Settings.";
  if (status === 404) return "Choose another model under Settings.";
  if (status === 400 || status === 413) return "Shorten the question or the documents, or start a new chat.";
  if (status === 429 || status === 503) return `Ask again ${after(response.headers.get("Retry-After"))}.`;
  return "Look at the gateway's log, then ask again.";
}

function after(seconds: string | null): string {
  return seconds && /^\d{1,5}$/.test(seconds) ? `in ${seconds} s` : "in a moment";
}

/** An error that came in the stream itself. */
export function failure(problem: Problem): PageError {
  const said = clipped(problem.message ?? "no reason given");
  return new PageError(problem.code ?? "failed", `The gateway's model failed: ${said}`, "Ask again.");
}

/** Nothing came back at all. */
export function unreachable(): PageError {
  if (globalThis.navigator?.onLine === false) {
    const fix = "Answer here instead, or go online and ask again.";
    return new PageError("offline", "This device is offline: the gateway cannot be reached.", fix);
  }
  const fix = "Answer here instead, or start it again: sprat serve";
  return new PageError("gateway", "The gateway does not answer: perhaps it was stopped.", fix);
}

export function cut(chars: number): PageError {
  return new PageError("cut", `The gateway's answer broke off after ${chars} characters.`, "Ask again.");
}

export function noStream(): PageError {
  const fix = "Look at what stands between this page and the gateway: a proxy, perhaps.";
  return new PageError("stream", "The gateway's answer holds something that is no JSON.", fix);
}

function clipped(text: string): string {
  return text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)}…` : text;
}
