/** What a person chose, kept on this device; what is kept is checked when it is read again. */

import type { Backend } from "./parts.ts";

export type Theme = "auto" | "light" | "dark";
export type Mode = "here" | "hybrid" | "gateway";

export interface Settings {
  readonly mode: Mode;
  readonly theme: Theme;
  readonly temperature: number;
  readonly maxTokens: number;
  /** How many passages an answer is given. */
  readonly passages: number;
  /** The model in this page; "": the first that is offered. */
  readonly here: string;
  /** The gateway's model; "": the first that is offered. */
  readonly there: string;
  /** The policy of the hybrid mode; "": the page's own rules. */
  readonly policy: string;
  readonly backend: Backend;
  /** 0: as many as the page thinks right. */
  readonly threads: number;
  readonly keepChat: boolean;
  readonly keepKey: boolean;
}

export const DEFAULTS: Settings = {
  mode: "here", theme: "auto", temperature: 0, maxTokens: 256, passages: 3,
  here: "", there: "", policy: "", backend: "auto", threads: 0, keepChat: false, keepKey: false,
};

export const BOUNDS = {
  temperature: [0, 2], maxTokens: [1, 4096], passages: [1, 8], threads: [0, 16],
} as const;

type Counted = keyof typeof BOUNDS;

const CHOICES = {
  mode: ["here", "hybrid", "gateway"],
  theme: ["auto", "light", "dark"],
  backend: ["auto", "webgpu", "wasm"],
} as const;

const MOST_NAME_CHARS = 200;

/** Whatever is not of its kind, or out of bounds, is as if never chosen. */
export function settingsOf(kept: unknown): Settings {
  const given = (typeof kept === "object" && kept !== null ? kept : {}) as Record<string, unknown>;
  const read = Object.entries(DEFAULTS).map(([name, value]) => [name, valid(name, given[name]) ? given[name] : value]);
  return Object.fromEntries(read) as Settings;
}

function valid(name: string, value: unknown): boolean {
  if (name in BOUNDS) return inBounds(name as Counted, value);
  if (name in CHOICES) return (CHOICES[name as keyof typeof CHOICES] as readonly unknown[]).includes(value);
  if (typeof DEFAULTS[name as keyof Settings] === "boolean") return typeof value === "boolean";
  return typeof value === "string" && value.length <= MOST_NAME_CHARS;
}

export function inBounds(name: Counted, value: unknown): boolean {
  const [least, most] = BOUNDS[name];
  const whole = name === "temperature" || Number.isInteger(value);
  return typeof value === "number" && value >= least && value <= most && whole;
}

/** The number that was typed, held within its bounds; null: it is none. */
export function bounded(name: Counted, text: string): number | null {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) return null;
  const [least, most] = BOUNDS[name];
  const whole = name === "temperature" ? value : Math.round(value);
  return Math.min(most, Math.max(least, whole));
}
