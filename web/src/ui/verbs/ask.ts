/** A question → an answer, here, at the gateway, or by a policy over both. */

import { measuresOf } from "../figures.ts";
import type { Page } from "../page.ts";
import type { Looked } from "../parts.ts";
import { awake, busy, chosenThere } from "../state.ts";
import type { Turn, TurnPhase } from "../state.ts";
import { missing, troubleOf } from "../trouble.ts";
import { spoken } from "../words.ts";
import type { Ask, Engine, Message, Reply } from "../../types.ts";
import { hybrid } from "./hybrid.ts";
import { Pen } from "./pen.ts";

/** Turns, and characters of them, that a follow-up question brings along: small models have little room. */
const MOST_TURNS = 8;
const MOST_CHARS = 8000;
const LATE_MS = 1000;
const NOT_SAID = "The documents do not say.";

/** Nothing is thrown: what goes wrong is the turn's trouble. */
export async function ask(page: Page, question: string): Promise<void> {
  if (question.trim() === "" || busy(page.state)) return;
  const history = historyOf(page.state.turns);
  const id = page.addTurn(blank(question.trim(), page));
  const stopping = new AbortController();
  page.stopping = stopping;
  try {
    const looked = await lookedUp(page, id, history);
    if (looked?.silence) silent(page, id, looked.silence);
    else await write(page, id, looked, history, stopping.signal);
  } catch (error) {
    fail(page, id, error, stopping.signal);
  }
  page.stopping = null;
  page.keepChat();
}

function blank(question: string, page: Page): Omit<Turn, "id"> {
  const { mode } = page.state.settings;
  return {
    question, mode, phase: "finding", text: "", draft: null, passages: [], reply: null,
    escalation: null, requests: null, doubt: null, trouble: null,
  };
}

export function historyOf(turns: readonly Turn[]): Message[] {
  const whole = turns.filter((turn) => turn.text !== "" && turn.phase !== "failed").slice(-MOST_TURNS);
  let chars = 0;
  const fits = whole.toReversed().filter((turn) => (chars += turn.question.length + turn.text.length) <= MOST_CHARS);
  return fits.toReversed().flatMap((turn): Message[] => [
    { role: "user", content: turn.question },
    { role: "assistant", content: turn.text },
  ]);
}

function asking(page: Page, id: number, history: readonly Message[]): Message[] {
  return [...history, { role: "user", content: page.turn(id)?.question ?? "" }];
}

/** Null: there are no documents. */
async function lookedUp(page: Page, id: number, history: readonly Message[]): Promise<Looked | null> {
  const { shelf } = page.parts;
  if (shelf.references.length === 0) return null;
  const looked = await shelf.look(asking(page, id, history), page.state.settings.passages);
  page.changeTurn(id, { passages: looked.passages });
  return looked;
}

/** Nothing in the documents is near: a model could only make something up. */
function silent(page: Page, id: number, why: string): void {
  page.changeTurn(id, { text: NOT_SAID, phase: "done", requests: 0, doubt: why, passages: [] });
  page.say(NOT_SAID);
}

async function write(page: Page, id: number, looked: Looked | null, history: Message[], signal: AbortSignal): Promise<void> {
  const { maxTokens, temperature } = page.state.settings;
  const messages = looked?.messages ?? asking(page, id, history);
  page.changeTurn(id, { phase: "waiting" });
  await loaded(page, signal);
  const reply = await answered(page, id, { messages, maxTokens, temperature }, signal);
  finish(page, id, looked ? { ...reply, steps: [looked.step, ...reply.steps] } : reply, looked);
}

/** Files of the model are fetched before the answer is timed, and its requests are counted. */
async function loaded(page: Page, signal: AbortSignal): Promise<void> {
  if (page.state.settings.mode === "gateway" || awake(page.state)) return;
  const stopped = new Promise<never>((_, fail) => signal.addEventListener("abort", () => fail(signal.reason), { once: true }));
  try {
    await Promise.race([page.own.open().warm(), stopped]);
  } finally {
    void page.own.look();
  }
}

async function answered(page: Page, id: number, asked: Ask, signal: AbortSignal): Promise<Reply> {
  signal.throwIfAborted();
  const { mode } = page.state.settings;
  const pen = new Pen(page, id);
  const engine: Engine = mode === "here" ? page.own.open() : mode === "gateway" ? there(page) : await hybrid(page, id, pen, there(page));
  const began = performance.now();
  pen.watch(engine.name);
  try {
    return await engine.answer(asked, (text) => pen.write(text), signal);
  } finally {
    pen.close();
    count(page, id, began, performance.now());
  }
}

function there(page: Page) {
  const name = chosenThere(page.state);
  if (!name) throw missing("The gateway offers no model.", "Answer here, or see what it has: sprat models list");
  return page.parts.gateway.open(name);
}

/** The browser's own record comes a little later than the requests: it is looked at once more. */
function count(page: Page, id: number, from: number, until: number): void {
  const look = () => page.changeTurn(id, { requests: page.parts.requests.since(from, until).requests });
  look();
  setTimeout(look, LATE_MS);
}

function finish(page: Page, id: number, reply: Reply, looked: Looked | null): void {
  const phase: TurnPhase = reply.finish === "cancelled" ? "stopped" : "done";
  page.changeTurn(id, { reply, text: reply.text, draft: null, phase, ...(looked && phase === "done" ? checked(looked, reply) : {}) });
  const nameHere = page.turn(id)?.mode === "gateway" ? "" : page.own.name; // Both may have a model of one name.
  const measures = measuresOf(reply, page.state.turns.length, nameHere);
  page.store.set((state) => ({ measures: [...state.measures, ...measures] }));
  page.say(phase === "stopped" ? "Stopped" : `Answer: ${spoken(reply.text)}`);
}

/** What the passages make of the answer; the one that it rests on opens at the very place. */
function checked(looked: Looked, reply: Reply): Pick<Turn, "text" | "doubt" | "passages"> {
  const { text, silent: isSilent, doubt, rests } = looked.check(reply.text);
  const passages = looked.passages.map((passage, index) => (
    rests?.number === index + 1 ? { ...passage, start: rests.start, end: rests.end } : passage
  ));
  return { text: isSilent ? NOT_SAID : text, doubt, passages };
}

function fail(page: Page, id: number, error: unknown, signal: AbortSignal): void {
  if (signal.aborted) {
    page.changeTurn(id, { phase: "stopped", draft: null });
    return page.say("Stopped");
  }
  const trouble = troubleOf(error);
  page.changeTurn(id, { phase: "failed", trouble });
  page.say(`${trouble.message} ${trouble.fix}`);
}
