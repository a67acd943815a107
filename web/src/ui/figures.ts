/** Numbers as people read them, and the rows behind the charts. */

import type { Reply, Step, Timing, Usage } from "../types.ts";

/** One attempt of one answer; null: it was not measured. Milliseconds without loading the model. */
export interface Measure {
  readonly answer: number;
  readonly model: string;
  readonly where: string;
  readonly role: "draft" | "answer";
  readonly kept: boolean;
  readonly firstTokenMs: number | null;
  readonly tokensPerS: number | null;
  readonly totalMs: number | null;
  readonly loadMs: number | null;
  readonly inputTokens: number | null;
  readonly cachedTokens: number | null;
  readonly outputTokens: number | null;
}

/** Decimal units, as disks and downloads have them. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${units[unit]}`;
}

export function timeText(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 0.0995) return `${ms < 9.95 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

export function rateText(tokensPerS: number): string {
  return `${tokensPerS < 9.95 ? tokensPerS.toFixed(1) : tokensPerS.toFixed(0)} tokens/s`;
}

export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** Tokens after the first over the time from the first to the last; null: fewer than two. */
export function rateOf(usage: Usage | null, timing: Timing | null): number | null {
  if (!usage || !timing || timing.firstToken === null || timing.lastToken === null) return null;
  const ms = timing.lastToken - timing.firstToken;
  return usage.outputTokens < 2 || ms <= 0 ? null : (usage.outputTokens - 1) / (ms / 1000);
}

/** From sent to the first token, without loading; null: there was none. */
export function firstTokenMs(timing: Timing | null): number | null {
  if (!timing || timing.firstToken === null) return null;
  return Math.max(0, timing.firstToken - timing.sent - timing.loadMs);
}

export function totalMs(timing: Timing | null): number | null {
  return timing ? Math.max(0, timing.done - timing.sent - timing.loadMs) : null;
}

/** The rows of one answer: each attempt is one, discarded ones too. */
export function measuresOf(reply: Reply, answer: number, nameHere: string): Measure[] {
  const steps = reply.steps.filter((step) => step.role !== "retrieve");
  if (steps.length === 0) return [measureOf(wholeOf(reply), answer, nameHere)];
  return steps.map((step) => measureOf(step, answer, nameHere));
}

function wholeOf(reply: Reply): Step {
  const { engine, usage, timing } = reply;
  return { role: "answer", engine, why: "", kept: true, usage, timing, confidence: null };
}

function measureOf(step: Step, answer: number, nameHere: string): Measure {
  return {
    answer,
    model: step.engine,
    where: step.engine === nameHere ? "here" : "gateway",
    role: step.role === "draft" ? "draft" : "answer",
    kept: step.kept,
    firstTokenMs: firstTokenMs(step.timing),
    tokensPerS: rateOf(step.usage, step.timing),
    totalMs: totalMs(step.timing),
    loadMs: step.timing?.loadMs ?? null,
    inputTokens: step.usage?.inputTokens ?? null,
    cachedTokens: step.usage?.cachedTokens ?? null,
    outputTokens: step.usage?.outputTokens ?? null,
  };
}

const COLUMNS = [
  "answer", "model", "where", "role", "kept", "firstTokenMs", "tokensPerS", "totalMs", "loadMs",
  "inputTokens", "cachedTokens", "outputTokens",
] as const satisfies readonly (keyof Measure)[];

/** RFC 4180; what was not measured is empty. */
export function csvOf(measures: readonly Measure[]): string {
  const rows = measures.map((measure) => COLUMNS.map((column) => fieldOf(measure[column])).join(","));
  return [COLUMNS.join(","), ...rows, ""].join("\r\n");
}

/** A spreadsheet must not take a model's name for a formula. */
function fieldOf(value: Measure[keyof Measure]): string {
  const text = value === null ? "" : typeof value === "number" ? String(+value.toFixed(3)) : String(value);
  const plain = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** What the charts draw: one row of numbers per model, over the answers in which any was measured. */
export function seriesOf(
  measures: readonly Measure[],
  figure: "firstTokenMs" | "tokensPerS" | "totalMs",
): { readonly answers: number[]; readonly models: string[]; readonly values: (number | null)[][] } {
  const answers = [...new Set(measures.map((measure) => measure.answer))].sort((a, b) => a - b);
  const models = [...new Set(measures.map((measure) => measure.model))];
  const values = models.map((model) =>
    answers.map((answer) => measures.findLast((one) => one.model === model && one.answer === answer)?.[figure] ?? null),
  );
  return { answers, models, values };
}
