/** A question → an answer, here, at the gateway, or by a policy over both. */

import { measuresOf } from "../figures.ts";
import type { Page } from "../page.ts";
import type { Looked } from "../parts.ts";
import { awake, busy } from "../state.ts";
import type { Turn, TurnPhase } from "../state.ts";
import { troubleOf } from "../trouble.ts";
import { spoken } from "../words.ts";
import type { Ask, Engine, Message, Reply } from "../../types.ts";
import { hybrid } from "./hybrid.ts";
import { listed } from "./look.ts";
import { Pen } from "./pen.ts";
import { unlessStopped } from "./stopping.ts";
import { allowed, there } from "./there.ts";
import type { Along } from "./there.ts";

/** Turns, and characters of them, that a follow-up question brings along: small models have little room. */
const MOST_TURNS = 8;
const MOST_CHARS = 8000;
const LATE_MS = 1000;
const NOT_SAID = "The documents do not say.";

/** Nothing is thrown: what goes wrong is the turn's trouble. */
export async function ask(page: Page, question: string): Promise<void> {
  if (question.trim() === "" || busy(page.state)) return;
  const earlier = earlierOf(page.state.turns);
  const id = page.addTurn(blank(question.trim(), page));
  const stopping = new AbortController();
  page.stopping = stopping;
  try {
    const looked = await lookedUp(page, id, earlier, stopping.signal);
    if (looked?.silence) silent(page, id, looked.silence);
    else await write(page, id, { earlier, looked }, stopping.signal);
  } catch (error) {
    fail(page, id, error, stopping.signal);
  }
  if (page.stopping === stopping) page.stopping = null; // A new chat may have its own by now.
  page.keepChat();
}

function blank(question: string, page: Page): Omit<Turn, "id"> {
  const { mode } = page.state.settings;
  return {
    question, mode, phase: "finding", text: "", draft: null, passages: [], reply: null,
    escalation: null, requests: null, doubt: null, trouble: null,
  };
}

/** The turns that a question brings along. */
function earlierOf(turns: readonly Turn[]): Turn[] {
  const whole = turns.filter((turn) => turn.text !== "" && turn.phase !== "failed").slice(-MOST_TURNS);
  let chars = 0;
  const fits = whole.toReversed().filter((turn) => (chars += turn.question.length + turn.text.length) <= MOST_CHARS);
  return fits.toReversed();
}

function asking(page: Page, id: number, earlier: readonly Turn[]): Message[] {
  const history = earlier.flatMap((turn): Message[] => [
    { role: "user", content: turn.question },
    { role: "assistant", content: turn.text },
  ]);
  return [...history, { role: "user", content: page.turn(id)?.question ?? "" }];
}

/** Null: there are no documents. */
async function lookedUp(page: Page, id: number, earlier: readonly Turn[], signal: AbortSignal): Promise<Looked | null> {
  const { shelf } = page.parts;
  if (shelf.references.length === 0) return null;
  const looked = await unlessStopped(() => shelf.look(asking(page, id, earlier), page.state.settings.passages), signal);
  page.changeTurn(id, { passages: looked.passages });
  return looked;
}

/** Nothing in the documents is near: a model could only make something up. */
function silent(page: Page, id: number, why: string): void {
  page.changeTurn(id, { text: NOT_SAID, phase: "done", requests: 0, doubt: why, passages: [] });
  page.say(NOT_SAID);
}

async function write(page: Page, id: number, along: Along, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { earlier, looked } = along;
  const { maxTokens, temperature } = page.state.settings;
  const messages = looked?.messages ?? asking(page, id, earlier);
  page.changeTurn(id, { phase: "waiting" });
  await unlessStopped(() => listed(page), signal); // Whoever asks at once asks before the lists are here.
  await loaded(page, signal);
  const reply = await answered(page, id, { messages, maxTokens, temperature }, along, signal);
  finish(page, id, looked ? { ...reply, steps: [looked.step, ...reply.steps] } : reply, looked);
}

/** Files of the model are fetched before the answer is timed, and its requests are counted. */
async function loaded(page: Page, signal: AbortSignal): Promise<void> {
  if (page.state.settings.mode === "gateway" || awake(page.state)) return;
  try {
    await unlessStopped(() => page.own.ready(), signal);
  } finally {
    void page.own.look();
  }
}

async function answered(page: Page, id: number, asked: Ask, along: Along, signal: AbortSignal): Promise<Reply> {
  signal.throwIfAborted();
  const pen = new Pen(page, id);
  const began = performance.now(); // What is fetched to open an engine counts, too.
  try {
    const engine = await opened(page, id, pen, asked, along, signal);
    pen.watch(engine.name);
    return await engine.answer(asked, (text) => pen.write(text), signal);
  } finally {
    pen.close();
    count(page, id, began, performance.now());
  }
}

async function opened(page: Page, id: number, pen: Pen, asked: Ask, along: Along, signal: AbortSignal): Promise<Engine> {
  const { mode } = page.state.settings;
  if (mode === "here") return page.own.open();
  return mode === "gateway" ? allowed(page, id, asked, along, signal) : hybrid(page, id, pen, there(page), signal);
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
