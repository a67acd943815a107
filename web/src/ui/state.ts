/** Everything that the page shows, as one value. */

import type { PolicyLine } from "../gateway/lists.ts";
import type { Manifest, WebModel } from "../manifest.ts";
import type { Reply } from "../types.ts";
import type { Measure } from "./figures.ts";
import { filesOf, variantsOf } from "./need.ts";
import type { EngineState, Escalation, KeptModel, Passage, Probed, Usage } from "./parts.ts";
import type { Mode, Settings } from "./settings.ts";

export type PanelId = "documents" | "speed" | "requests" | "models" | "settings";

/** What went wrong, and what to do about it. */
export interface Trouble {
  readonly code: string;
  readonly message: string;
  readonly fix: string;
}

export type TurnPhase = "finding" | "waiting" | "drafting" | "asking" | "answering" | "done" | "stopped" | "failed";

/** A question and what came of it. */
export interface Turn {
  readonly id: number;
  readonly question: string;
  readonly mode: Mode;
  readonly phase: TurnPhase;
  /** What is shown as the answer, so far. */
  readonly text: string;
  /** In hybrid mode: what the model here wrote, so far; null: nothing (yet). */
  readonly draft: string | null;
  readonly passages: readonly Passage[];
  readonly reply: Reply | null;
  /** Set once a person, or a rule, was asked to let the question leave. */
  readonly escalation: (Escalation & { readonly permitted: boolean }) | null;
  /** Requests that left the page meanwhile; null: not over yet. */
  readonly requests: number | null;
  /** The answer is not borne out by the passages; null: it is, or there were none. */
  readonly doubt: string | null;
  readonly trouble: Trouble | null;
}

/** What a person allowed for this chat. */
export type Permission = "ask" | "always" | "never";

/** An escalation that waits for a person. */
export interface Pending extends Escalation {
  readonly decide: (yes: boolean, forChat: boolean) => void;
}

export interface Verifying {
  readonly name: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Another tab has the file, for some seconds already. */
  readonly waits: boolean;
}

/** How long the model took until it was ready: first with the download, then from what is kept. */
export interface Starts {
  readonly firstMs: number | null;
  readonly latestMs: number | null;
}

export interface State {
  readonly settings: Settings;
  readonly panel: PanelId | null;
  readonly turns: readonly Turn[];
  readonly permission: Permission;
  readonly pending: Pending | null;
  readonly here: EngineState;
  /** Bytes of the download per second, smoothed; null: not downloading. */
  readonly bytesPerS: number | null;
  readonly starts: Starts;
  readonly webModels: readonly WebModel[] | null;
  /** By the model's name, as far as they were read. */
  readonly manifests: Readonly<Record<string, Manifest>>;
  /** Which weights were opened last, by `variantKey`. */
  readonly variants: Readonly<Record<string, string>>;
  readonly gatewayModels: readonly string[] | null;
  readonly policies: readonly PolicyLine[] | null;
  readonly gatewayTrouble: Trouble | null;
  readonly kept: readonly KeptModel[];
  readonly usage: Usage | null;
  /** The model that is read again, and how far; null: none. */
  readonly verifying: Verifying | null;
  readonly probed: Probed | null;
  readonly measures: readonly Measure[];
  /** The answer under way, as far as it is measured: redrawn a few times a second. */
  readonly running: { readonly answer: number; readonly model: string; readonly firstTokenMs: number | null; readonly totalMs: number } | null;
  /** How many texts answers are looked up in, and how. */
  readonly references: number;
  readonly shelfNote: string;
  /** A passage that was opened in its text. */
  readonly opened: Passage | null;
  readonly trouble: Trouble | null;
  /** What the model here told, and a person has read. */
  readonly readNote: string;
  readonly said: string;
  readonly online: boolean;
  readonly update: boolean;
  readonly links: readonly string[];
}

export function begin(settings: Settings, online: boolean): State {
  return {
    settings, online, panel: null, turns: [], permission: "ask", pending: null,
    here: { phase: "idle" }, bytesPerS: null, starts: { firstMs: null, latestMs: null },
    webModels: null, manifests: {}, variants: {}, gatewayModels: null, policies: null, gatewayTrouble: null,
    kept: [], usage: null, verifying: null, probed: null, measures: [], running: null, references: 0, shelfNote: "", opened: null,
    trouble: null, readNote: "", said: "", update: false, links: [],
  };
}

/** The model that answers here: the chosen one, if it is still offered, else the first. */
export function chosen(state: State): WebModel | null {
  const chats = (state.webModels ?? []).filter((model) => model.task === "chat");
  return chats.find((model) => model.name === state.settings.here) ?? chats[0] ?? null;
}

/** The gateway's models that answer; those for vectors do not. */
export function offeredThere(state: State): string[] {
  const vectors = new Set((state.webModels ?? []).filter((model) => model.task === "embed").map((model) => model.name));
  return (state.gatewayModels ?? []).filter((name) => !vectors.has(name));
}

/** The gateway's model for answers there: the chosen one, else one that is not here as well; null: none is offered. */
export function chosenThere(state: State): string | null {
  const offered = offeredThere(state);
  if (offered.includes(state.settings.there)) return state.settings.there;
  return offered.find((name) => name !== chosen(state)?.name) ?? offered[0] ?? null;
}

export function busy(state: State): boolean {
  const last = state.turns.at(-1);
  return last !== undefined && !["done", "stopped", "failed"].includes(last.phase);
}

/** In memory, so that it answers at once. */
export function awake(state: State): boolean {
  return state.here.phase === "ready" || state.here.phase === "answering";
}

/** Everything that the model would be opened from is kept; until its manifest is read: whatever was asked for. */
export function isKept(state: State, name: string): boolean {
  const kept = state.kept.find((one) => one.name === name);
  const manifest = state.manifests[name];
  if (!kept || !manifest) return kept?.whole ?? false;
  const here = new Set(kept.files.filter((file) => file.verifiedMs !== null).map((file) => file.sha256));
  const variants = variantsOf(state, name, manifest);
  const files = variants.flatMap((variant) => filesOf(manifest, variant));
  return variants.length > 0 && files.every((file) => here.has(file.sha256));
}

export function variantKey(model: string, backend: string): string {
  return `${model} ${backend}`;
}
