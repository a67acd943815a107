/** What `tools/golden_policy.py` wrote. */

import { readFileSync } from "node:fs";
import type { Message, TokenLogprob } from "../../src/types.ts";

export interface GoldenReply {
  text: string;
  finish: "stop" | "length";
  logprobs: TokenLogprob[];
  features: Record<string, number>;
}
export interface GoldenAsk {
  messages: Message[];
  temperature?: number;
  seed?: number;
  features: Record<string, number>;
}
interface Golden {
  policies: string[];
  files: { text: string; digest: string; good: boolean }[];
  replies: GoldenReply[];
  asks: GoldenAsk[];
  noted: { logits: number[]; token: number; facts: [number, number, number] }[];
  judged: {
    which: [number, number, number];
    confidence: number;
    calibrated: boolean;
    why: string;
    decides: boolean;
    accepts: boolean;
  }[];
  played: {
    which: [number, number, number];
    down: string;
    large: number;
    error?: boolean;
    shown: string;
    text: string;
    path: string;
    asked: [string, boolean, number | null, boolean][];
  }[];
}

export const golden = JSON.parse(readFileSync(new URL("golden.json", import.meta.url), "utf8")) as Golden;

export function at<T>(list: readonly T[], place: number): T {
  const found = list[place];
  if (found === undefined) throw new Error(`nothing at ${place}`);
  return found;
}
