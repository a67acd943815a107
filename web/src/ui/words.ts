/** What the page says, as pure functions of what it knows. */

import { bytesText, countText, rateText, timeText } from "./figures.ts";
import { firstTokenMs, rateOf, totalMs } from "./figures.ts";
import type { EngineState, Escalation, Machine, Probed } from "./parts.ts";
import type { State, Turn } from "./state.ts";
import type { Reply, Step } from "../types.ts";

export const MODE_NAMES = { here: "Here", hybrid: "Hybrid", gateway: "Gateway" } as const;

export const MODE_HINTS = {
  here: "The model in this page answers. Nothing leaves it.",
  hybrid: "The model here drafts; the gateway is asked only where the draft is not good enough, and you agree.",
  gateway: "The gateway's model answers. Your question is sent to it; documents, and what was said here before, only if you agree.",
} as const;

export function backendText(here: EngineState): string {
  if (here.backend === "webgpu") return "WebGPU";
  if (here.backend !== "wasm") return "";
  return (here.threads ?? 1) > 1 ? `processor, ${here.threads} threads` : "processor, 1 thread";
}

const PHASES = {
  idle: "not loaded", probing: "looking at this device", downloading: "downloading", loading: "loading", warming: "warming up",
  ready: "ready", answering: "answering", recovering: "starting again", failed: "failed",
} as const;

export function hereText(here: EngineState): string {
  if (here.phase === "downloading") return `downloading${percentText(here)}`;
  const on = here.phase === "ready" || here.phase === "answering" ? backendText(here) : "";
  return on ? `${PHASES[here.phase]} · ${on}` : PHASES[here.phase];
}

function percentText({ doneBytes, totalBytes }: EngineState): string {
  return doneBytes === undefined || !totalBytes ? "" : ` ${Math.floor((doneBytes / totalBytes) * 100)}%`;
}

export function downloadText(here: EngineState, bytesPerS: number | null): string {
  const { doneBytes, totalBytes } = here;
  if (doneBytes === undefined || !totalBytes) return "Downloading";
  const rate = bytesPerS ? ` · ${bytesText(bytesPerS)}/s` : "";
  const left = bytesPerS && bytesPerS > 0 ? ` · ${leftText((totalBytes - doneBytes) / bytesPerS)}` : "";
  return `${bytesText(doneBytes)} of ${bytesText(totalBytes)}${rate}${left}`;
}

function leftText(seconds: number): string {
  return seconds < 60 ? `${Math.ceil(seconds)} s left` : `${Math.ceil(seconds / 60)} min left`;
}

/** What a person is waiting for, while nothing is written yet. */
export function waitingText(turn: Turn, state: State): string {
  if (turn.phase === "finding") return "Looking through the documents";
  if (turn.phase === "asking") return "Waiting for your decision";
  const { here } = state;
  if (turn.mode !== "gateway" && here.phase !== "ready" && here.phase !== "answering") return `The model here is ${hereText(here)}`;
  return turn.mode === "gateway" ? "Waiting for the gateway" : "Reading your question";
}

/** "0 requests left this page": what was promised, counted. */
export function requestsText(count: number): string {
  return `${countText(count, "request")} left this page`;
}

export function whereText(reply: Reply): string {
  if (reply.where === "gateway") return "gateway";
  return reply.where === "webgpu" ? "here, WebGPU" : "here, processor";
}

/** The figures under an answer. */
export function metaOf(reply: Reply): string[] {
  const kept = reply.steps.findLast((step) => step.kept && step.role !== "retrieve");
  const timing = kept?.timing ?? reply.timing;
  const usage = kept ? kept.usage : reply.usage;
  const rate = rateOf(usage, timing);
  const first = firstTokenMs(timing);
  const total = totalMs(timing);
  return [
    first === null ? "" : `first token ${timeText(first)}`,
    rate === null ? "" : rateText(rate),
    total === null ? "" : `${timeText(total)} in all`,
    reply.timing.loadMs >= 100 ? `after loading for ${timeText(reply.timing.loadMs)}` : "",
  ].filter((text) => text !== "");
}

/** One attempt in one line: who, how long, how sure, why. */
export function stepText(step: Step): string {
  const total = totalMs(step.timing);
  return [
    total === null ? "" : timeText(total),
    step.confidence === null ? "" : `confidence ${step.confidence.toFixed(2)}`,
    step.why,
  ].filter((text) => text !== "").join(" · ");
}

/** A confidence that was not learned for these weights says something, but is no probability; `why` may say so itself. */
export function confidenceText({ confidence, calibrated, why }: Escalation): string {
  if (confidence === null) return "";
  const number = /confidence/i.test(why) ? "" : `confidence ${confidence.toFixed(2)}`;
  return [number, calibrated || /calibrated|by rule/.test(why) ? "" : "not calibrated for these weights"].filter((text) => text !== "").join(", ");
}

/** What the device has, as the probe saw it. */
export function probedText({ gpu, why }: Probed): string {
  if (!gpu) return why ? `No graphics card is used: ${why}.` : "";
  const half = gpu.half ? "with 16-bit floats" : "without 16-bit floats";
  return `Graphics card: ${gpu.name}, ${half}${gpu.fallback ? ", emulated by the processor and therefore slow" : ""}.`;
}

/** What works, only more slowly, or only for now. */
export function cautions(machine: Machine): string[] {
  return [
    machine.webgpu ? "" : "No WebGPU in this browser: the processor computes, more slowly. Chrome, Edge, Safari 26 and Firefox on Windows have WebGPU.",
    machine.isolated ? "" : "This browser shares no memory between threads of the page: the processor computes on one.",
    machine.keeps ? "" : "This browser keeps no files for the page: the model is downloaded at each visit.",
  ].filter((text) => text !== "");
}

/** Markdown without its marks, for reading aloud; bounded. */
export function spoken(text: string, most = 1500): string {
  const plain = text.replace(/```[^\n]*\n?/g, "").replace(/[*_`#>|~]+/g, "").replace(/\s+/g, " ").trim();
  return plain.length > most ? `${plain.slice(0, most)}…` : plain;
}
