/** Chooses the next token from the logits, and says how likely the model thought it. */

import type { TokenLogprob } from "../types.ts";

/** Candidates looked at before the whole vocabulary is. */
const FIRST_LOOK = 1024;

export interface Sampling {
  /** 0: always the likeliest token. */
  readonly temperature: number;
  readonly topP: number;
  /** Undefined: another answer each time. */
  readonly seed: number | undefined;
}

/** Greedy at temperature 0, else temperature and nucleus sampling with a random stream. */
export class Sampler {
  readonly #sampling: Sampling;
  readonly #random: () => number;

  constructor(sampling: Sampling) {
    this.#sampling = sampling;
    this.#random = randomFrom(sampling.seed ?? crypto.getRandomValues(new Uint32Array(1))[0] ?? 0);
  }

  /** One token; among equals the lowest number. */
  choose(logits: Float32Array): number {
    const { temperature, topP } = this.#sampling;
    if (temperature <= 0 || topP <= 0) return likeliest(logits);
    const most = logits[likeliest(logits)] ?? 0;
    const weights = Float64Array.from(logits, (logit) => Math.exp((logit - most) / temperature));
    if (topP >= 1) return draw(weights, weights.keys(), sum(weights), this.#random());
    const [tokens, total] = nucleus(weights, topP);
    return draw(weights, tokens, total, this.#random());
  }

  /** A token was chosen elsewhere: the next is drawn as if it had been chosen here. */
  skip(): void {
    const { temperature, topP } = this.#sampling;
    if (temperature > 0 && topP > 0) this.#random();
  }
}

export function likeliest(logits: Float32Array): number {
  let best = 0;
  let most = logits[0] ?? 0;
  for (let token = 1; token < logits.length; token++) {
    const logit = logits[token] as number;
    if (logit > most) {
      best = token;
      most = logit;
    }
  }
  return best;
}

function draw(
  weights: Float64Array, tokens: Iterable<number>, total: number, random: number,
): number {
  let left = random * total;
  let last = 0;
  for (const token of tokens) {
    last = token;
    left -= weights[token] ?? 0;
    if (left < 0) break;
  }
  return last;
}

/**
 * The fewest tokens whose probability reaches `topP`, likeliest first, and their weights' sum.
 *
 * Source: Holtzman et al. 2020, https://arxiv.org/abs/1904.09751
 */
function nucleus(weights: Float64Array, topP: number): [number[], number] {
  const wanted = topP * sum(weights);
  let found = reached(weights, highest(weights, FIRST_LOOK), wanted);
  if (found[1] < wanted) found = reached(weights, highest(weights, weights.length), wanted);
  return found;
}

function reached(weights: Float64Array, order: number[], wanted: number): [number[], number] {
  let total = 0;
  let count = 0;
  while (count < order.length && total < wanted) total += weights[order[count++] ?? 0] ?? 0;
  return [order.slice(0, count), total];
}

/** The `count` highest places, highest first; among equals the lowest number. */
export function highest(values: Float32Array | Float64Array, count: number): number[] {
  const floor = count < values.length ? floorOf(values, count) : -Infinity;
  const places: number[] = [];
  for (let place = 0; place < values.length; place++) {
    if ((values[place] as number) >= floor) places.push(place);
  }
  const compare = (a: number, b: number): number => (values[b] ?? 0) - (values[a] ?? 0) || a - b;
  return places.sort(compare).slice(0, count);
}

/** What at least `count` values reach: so few are left that sorting them costs nothing. */
function floorOf(values: Float32Array | Float64Array, count: number): number {
  const block = Math.max(1, Math.floor(values.length / (4 * count)));
  const peaks = new Float64Array(Math.floor(values.length / block));
  for (let i = 0; i < peaks.length; i++) {
    let peak = -Infinity;
    for (let at = i * block; at < (i + 1) * block; at++) peak = Math.max(peak, values[at] as number);
    peaks[i] = peak;
  }
  peaks.sort();
  return peaks[peaks.length - count] ?? -Infinity;
}

/** A token's log-probability, and those of the `count` likeliest others; `text` is how it reads. */
export function noted(
  logits: Float32Array, token: number, count: number, text: string,
): TokenLogprob {
  const order = highest(logits, count + 1);
  const most = logits[order[0] ?? 0] ?? 0;
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - most);
  const logSum = most + Math.log(total);
  const logprob = (place: number): number => (logits[place] ?? 0) - logSum;
  const others = order.filter((place) => place !== token).slice(0, count);
  return { id: token, text, logprob: logprob(token), top: others.map(logprob) };
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

/**
 * Numbers in [0, 1): the same ones for the same seed.
 *
 * Source: sfc32 of Chris Doty-Humphrey's PractRand, with its twelve first numbers left out.
 */
export function randomFrom(seed: number): () => number {
  let [a, b, c, counter] = [0, seed | 0, Math.floor(seed / 2 ** 32) | 0, 1];
  const next = (): number => {
    const out = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + out | 0;
    return (out >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}
