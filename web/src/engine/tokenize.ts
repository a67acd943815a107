/** A conversation → the text that the model was trained on → tokens; the same ids as natively. */

import { Template } from "@huggingface/jinja";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { PageError } from "../types.ts";
import type { Message } from "../types.ts";
import { Vocabulary } from "./vocabulary.ts";
import type { TokenizerFile } from "./vocabulary.ts";

/** The part of `tokenizer_config.json` that is read here. */
export interface TokenizerConfig {
  readonly chat_template?: string;
  readonly [name: string]: unknown;
}

/** Special tokens that templates may name. */
const NAMED = ["bos_token", "eos_token", "unk_token", "pad_token"];

export class Tokenizer {
  readonly vocabulary: Vocabulary;
  readonly #tokenizer: HuggingFaceTokenizer;
  readonly #template: Template;
  readonly #tokens: Record<string, string>;

  /** Both files as parsed JSON. Raises PageError "weights" where there is no chat template. */
  constructor(file: TokenizerFile, config: TokenizerConfig) {
    if (!config.chat_template) throw noTemplate();
    this.vocabulary = new Vocabulary(file);
    this.#tokenizer = new HuggingFaceTokenizer(file, config);
    this.#template = new Template(config.chat_template);
    this.#tokens = Object.fromEntries(NAMED.flatMap((name) => named(name, config[name])));
  }

  /** The prompt, ending where the assistant begins to speak. Raises PageError "messages". */
  render(messages: readonly Message[]): string {
    try {
      const plain = messages.map(({ role, content }) => ({ role, content }));
      const more = { tools: null, add_generation_prompt: true, ...this.#tokens };
      return this.#template.render({ messages: plain, ...more });
    } catch (error) {
      throw refused(error);
    }
  }

  /** Special tokens in the text are recognised, none is added. */
  encode(text: string): number[] {
    return this.#tokenizer.encode(text, { add_special_tokens: false }).ids;
  }
}

function named(name: string, value: unknown): [string, string][] {
  if (typeof value === "string") return [[name, value]];
  const content = (value as { content?: unknown } | null | undefined)?.content;
  return typeof content === "string" ? [[name, content]] : [];
}

function noTemplate(): PageError {
  return new PageError(
    "weights",
    "These weights have no chat template in tokenizer_config.json.",
    "Export them again: sprat models export NAME --target web",
  );
}

function refused(error: unknown): PageError {
  const why = error instanceof Error ? error.message : String(error);
  return new PageError(
    "messages",
    `This model's chat template does not take this conversation: ${why}.`,
    "Begin a new chat.",
  );
}
