/** OpenAI's words for a chat, as `sprat serve` speaks them (docs/serve.md). */

import type { Ask, TokenLogprob, Usage } from "../types.ts";

export const CHAT = "/v1/chat/completions";

/** As many alternatives as the gateway's own policies ask for. */
const TOP = 2;

export interface Chunk {
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null; readonly reasoning_content?: string | null };
    readonly logprobs?: { readonly content?: readonly TokenInfo[] | null } | null;
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: Counts | null;
  readonly sprat?: Sprat | null;
  readonly error?: Problem;
}

export interface Problem {
  readonly message?: string;
  readonly code?: string | null;
}

interface TokenInfo {
  readonly token: string;
  readonly logprob: number;
  readonly top_logprobs?: readonly { readonly token: string; readonly logprob: number }[];
}

interface Counts {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number } | null;
}

/** What the gateway adds: seconds; null is "not known". */
export interface Sprat {
  readonly model: string;
  readonly timing: { readonly load_s: number | null };
  readonly steps?: readonly Attempt[];
}

export interface Attempt {
  readonly role: string;
  readonly engine: string;
  readonly why: string;
  readonly kept: boolean;
  readonly confidence: number | null;
  readonly first_token_s: number | null;
  readonly seconds: number | null;
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
}

/** The body of a request, word for word as it is sent. */
export function bodyOf(model: string, ask: Ask): string {
  return JSON.stringify({
    model,
    messages: ask.messages.map(({ role, content }) => ({ role, content })),
    max_completion_tokens: ask.maxTokens ?? 256,
    temperature: ask.temperature ?? 0,
    ...(ask.topP === undefined ? {} : { top_p: ask.topP }),
    ...(ask.seed === undefined ? {} : { seed: ask.seed }),
    ...(ask.stop?.length ? { stop: ask.stop } : {}),
    ...(ask.logprobs ? { logprobs: true, top_logprobs: TOP } : {}),
    stream: true,
    stream_options: { include_usage: true },
  });
}

export function usageOf(counts: Counts): Usage {
  return {
    inputTokens: counts.prompt_tokens,
    outputTokens: counts.completion_tokens,
    cachedTokens: counts.prompt_tokens_details?.cached_tokens ?? 0,
  };
}

/** The gateway tells no ids: they are -1. */
export function logprobsOf(entries: readonly TokenInfo[]): TokenLogprob[] {
  return entries.map(({ token, logprob, top_logprobs }) => {
    const others = (top_logprobs ?? []).filter((other) => other.token !== token);
    return { id: -1, text: token, logprob, top: others.map((other) => other.logprob) };
  });
}
