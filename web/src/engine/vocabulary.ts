/** What bytes each token stands for, read from `tokenizer.json`. */

interface Step {
  readonly type: string;
  readonly start?: number;
  readonly decoders?: readonly Step[];
}

interface Added {
  readonly id: number;
  readonly content: string;
  readonly special?: boolean;
}

/** The part of `tokenizer.json` that is read here. */
export interface TokenizerFile {
  readonly model: {
    readonly vocab: Readonly<Record<string, number>> | readonly (readonly [string, number])[];
  };
  readonly added_tokens?: readonly Added[];
  readonly decoder?: Step | null;
}

/** How SentencePiece writes a space. */
const SPACE = /\u2581/g;
const BYTE = /^<0x([0-9A-Fa-f]{2})>$/;
const NOTHING = new Uint8Array();

/** Tokens as bytes; special tokens (end of turn, …) stand for nothing. */
export class Vocabulary {
  /** Whether a text's first space is not part of it. */
  readonly strips: boolean;
  readonly #byteLevel: boolean;
  readonly #words: Map<number, string>;
  readonly #known = new Map<number, Uint8Array>();

  constructor(file: TokenizerFile) {
    const steps = file.decoder ? (file.decoder.decoders ?? [file.decoder]) : [];
    this.strips = steps.some((step) => step.type === "Strip" && (step.start ?? 0) > 0);
    this.#byteLevel = steps.some((step) => step.type === "ByteLevel");
    this.#words = wordsOf(file.model.vocab);
    for (const { id, content, special } of file.added_tokens ?? []) {
      this.#known.set(id, special ? NOTHING : utf8(content));
    }
  }

  /** The bytes; none for special tokens and for numbers without a token. */
  bytes(token: number): Uint8Array {
    let bytes = this.#known.get(token);
    if (bytes === undefined) {
      const word = this.#words.get(token) ?? "";
      bytes = this.#byteLevel ? bytesOf(word) : pieceOf(word);
      this.#known.set(token, bytes);
    }
    return bytes;
  }

  /** The token by itself; an incomplete character reads as U+FFFD. */
  text(token: number): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.bytes(token));
  }
}

function wordsOf(vocab: TokenizerFile["model"]["vocab"]): Map<number, string> {
  if (Array.isArray(vocab)) {
    const pairs = vocab as readonly (readonly [string, number])[];
    return new Map(pairs.map(([word], number) => [number, word]));
  }
  return new Map(Object.entries(vocab as Record<string, number>).map(([word, id]) => [id, word]));
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/**
 * The byte that each character of byte-level BPE stands for.
 *
 * Source: Radford et al. 2019 (GPT-2): printable Latin-1 stands for itself, the rest are 256, ….
 */
function byteTable(): Map<string, number> {
  const table = new Map<string, number>();
  let others = 256;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 33 && byte < 127) || (byte >= 161 && byte !== 173);
    table.set(String.fromCharCode(printable ? byte : others++), byte);
  }
  return table;
}

const BYTES = byteTable();

function bytesOf(word: string): Uint8Array {
  const bytes = [...word].map((character) => BYTES.get(character));
  return bytes.includes(undefined) ? utf8(word) : Uint8Array.from(bytes as number[]);
}

function pieceOf(word: string): Uint8Array {
  const byte = BYTE.exec(word);
  if (byte) return Uint8Array.of(parseInt(byte[1] ?? "0", 16));
  return utf8(word.replace(SPACE, " "));
}
