/** A question → an answer, here, at the gateway, or by a policy over both. */

import { measuresOf } from "../figures.ts";
import type { Page } from "../page.ts";
import type { Passage } from "../parts.ts";
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

/** Nothing is thrown: what goes wrong is the turn's trouble. */
export async function ask(page: Page, question: string): Promise<void> {
  if (question.trim() === "" || busy(page.state)) return;
  const history = historyOf(page.state.turns);
  const id = page.addTurn(blank(question.trim(), page));
  const stopping = new AbortController();
  page.stopping = stopping;
  const before = page.parts.requests.count;
  const count = () => page.parts.requests.count - before;
  try {
    const asked = await prepared(page, id, history);
    const reply = await answered(page, id, asked, stopping.signal);
    finish(page, id, reply, count());
  } catch (error) {
    fail(page, id, error, stopping.signal, count());
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

async function prepared(page: Page, id: number, history: Message[]): Promise<Ask> {
  const { settings } = page.state;
  const question = page.turn(id)?.question ?? "";
  const passages = await found(page, question);
  page.changeTurn(id, { passages, phase: "waiting" });
  const { shelf } = page.parts;
  const messages = passages.length > 0
    ? shelf.promptFor(question, passages, history)
    : [...history, { role: "user", content: question } as const];
  return { messages, maxTokens: settings.maxTokens, temperature: settings.temperature };
}

async function found(page: Page, question: string): Promise<Passage[]> {
  const { shelf } = page.parts;
  return shelf.references.length > 0 ? shelf.find(question, page.state.settings.passages) : [];
}

async function answered(page: Page, id: number, asked: Ask, signal: AbortSignal): Promise<Reply> {
  signal.throwIfAborted();
  const { mode } = page.state.settings;
  const pen = new Pen(page, id);
  const engine: Engine = mode === "here" ? page.own.open() : mode === "gateway" ? there(page) : await hybrid(page, id, pen, there(page));
  const measured = mode === "gateway" || awake(page.state);
  if (measured) pen.watch(engine.name);
  try {
    return await engine.answer(asked, (text) => pen.write(text), signal);
  } finally {
    pen.close();
  }
}

function there(page: Page) {
  const name = chosenThere(page.state);
  if (!name) throw missing("The gateway offers no model.", "Answer here, or see what it has: sprat models list");
  return page.parts.gateway.open(name);
}

function finish(page: Page, id: number, reply: Reply, requests: number): void {
  const turn = page.turn(id);
  const passages = turn?.passages ?? [];
  const doubt = doubtOf(page, reply, passages);
  const phase: TurnPhase = reply.finish === "cancelled" ? "stopped" : "done";
  page.changeTurn(id, { reply, text: reply.text, draft: null, phase, requests, doubt });
  const measures = measuresOf(reply, page.state.turns.length, page.own.name);
  page.store.set((state) => ({ measures: [...state.measures, ...measures] }));
  page.say(phase === "stopped" ? "Stopped" : `Answer: ${spoken(reply.text)}`);
}

function doubtOf(page: Page, reply: Reply, passages: readonly Passage[]): string | null {
  if (page.parts.shelf.references.length === 0) return null;
  if (passages.length === 0) return "No passage of the documents fits this question: the answer is the model's own.";
  return page.parts.shelf.doubt(reply.text, passages);
}

function fail(page: Page, id: number, error: unknown, signal: AbortSignal, requests: number): void {
  if (signal.aborted) {
    page.changeTurn(id, { phase: "stopped", draft: null, requests });
    return page.say("Stopped");
  }
  const trouble = troubleOf(error);
  page.changeTurn(id, { phase: "failed", trouble, requests });
  page.say(`${trouble.message} ${trouble.fix}`);
}
