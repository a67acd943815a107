/**
 * A policy as data, in the file's own words: `src/sprat/policies/spec.py` says what each field is.
 *
 * The file that the gateway serves is the file that this page runs.
 */

import type { Json } from "./json.ts";
import type { Logistic } from "./logistic.ts";
import * as s from "./shape.ts";

export const FORMAT = 1;

export type Kind = "cascade" | "refine" | "verify" | "fallback" | "shadow";
export type Mode = "buffer" | "pre" | "probe";
export type Which = "small" | "large";

export interface Side {
  readonly model: string;
  /** What its answers were when the policy was calibrated; empty: any will do. */
  readonly identity: Readonly<Record<string, Json>>;
}

export interface Gates {
  readonly tools: Which;
  readonly most_chars: number | null;
  readonly stay_here: boolean;
  readonly private: readonly string[];
  readonly budget_usd: number | null;
}

export interface Rules {
  readonly min_chars: number;
  readonly unknown: boolean;
  readonly cut_off: boolean;
  readonly schema: boolean;
}

export interface Decision {
  readonly logistic: Logistic | null;
  readonly aim: "right" | "worth";
  readonly threshold: number | null;
  readonly uncalibrated: "escalate" | "accept";
  readonly self_check: boolean;
  readonly sample: boolean;
}

export interface Refine {
  readonly when: "long" | "flagged" | "always";
  readonly min_chars: number;
  readonly flags: readonly string[];
}

export interface Fallback {
  readonly timeout_s: number | null;
  readonly failures: number;
  readonly cool_down_s: number;
}

export interface Policy {
  readonly format: number;
  readonly name: string;
  readonly kind: Kind;
  readonly small: Side;
  readonly large: Side;
  readonly mode: Mode;
  readonly probe_tokens: number;
  readonly gates: Gates;
  readonly rules: Rules;
  readonly decision: Decision;
  readonly refine: Refine;
  readonly verify: { readonly how: "exact" | "accept" | "keep"; readonly tolerance: number };
  readonly fallback: Fallback;
  readonly shadow: {
    readonly share: number;
    readonly window: number;
    readonly most_disagreement: number;
    readonly agree_f1: number;
    readonly baseline: readonly number[];
  };
  readonly sampling: Readonly<Record<string, Json>>;
  readonly certificate: Readonly<Record<string, Json>> | null;
  readonly evaluation: Readonly<Record<string, Json>> | null;
  readonly created: string;
  readonly sha256: string;
}

const share = s.number(0, 1);
const count = s.whole(0);
const numbers = s.list(s.number());
const side = s.struct<Side>({ model: s.needed(s.text), identity: s.given(s.asObject, {}) });
const logistic = s.struct<Logistic>({
  features: s.needed(s.list(s.text)),
  centres: s.needed(numbers),
  scales: s.needed(numbers),
  weights: s.needed(numbers),
  bias: s.needed(s.number()),
});

/** A policy's fields, checked one by one; throws a `SyntaxError` that names the first wrong one. */
export const policyOf = s.struct<Policy>({
  format: s.given(s.whole(1), FORMAT),
  name: s.needed(s.text),
  kind: s.needed(s.one("cascade", "refine", "verify", "fallback", "shadow")),
  small: s.needed(side),
  large: s.needed(side),
  mode: s.given(s.one("buffer", "pre", "probe"), "buffer"),
  probe_tokens: s.given(s.whole(1), 16),
  gates: s.empty(
    s.struct<Gates>({
      tools: s.given(s.one("small", "large"), "large"),
      most_chars: s.given(s.maybe(count), null),
      stay_here: s.given(s.flag, false),
      private: s.given(s.list(s.text), []),
      budget_usd: s.given(s.maybe(s.number(0)), null),
    }),
  ),
  rules: s.empty(
    s.struct<Rules>({
      min_chars: s.given(count, 1),
      unknown: s.given(s.flag, true),
      cut_off: s.given(s.flag, true),
      schema: s.given(s.flag, true),
    }),
  ),
  decision: s.empty(
    s.struct<Decision>({
      logistic: s.given(s.maybe(logistic), null),
      aim: s.given(s.one("right", "worth"), "right"),
      threshold: s.given(s.maybe(share), 0.5),
      uncalibrated: s.given(s.one("escalate", "accept"), "escalate"),
      self_check: s.given(s.flag, false),
      sample: s.given(s.flag, false),
    }),
  ),
  refine: s.empty(
    s.struct<Refine>({
      when: s.given(s.one("long", "flagged", "always"), "long"),
      min_chars: s.given(count, 600),
      flags: s.given(s.list(s.text), []),
    }),
  ),
  verify: s.empty(
    s.struct<Policy["verify"]>({
      how: s.given(s.one("exact", "accept", "keep"), "accept"),
      tolerance: s.given(s.number(0), 2),
    }),
  ),
  fallback: s.empty(
    s.struct<Fallback>({
      timeout_s: s.given(s.maybe(s.number(-Infinity, Infinity, 0)), null),
      failures: s.given(s.whole(1), 3),
      cool_down_s: s.given(s.number(-Infinity, Infinity, 0), 30),
    }),
  ),
  shadow: s.empty(
    s.struct<Policy["shadow"]>({
      share: s.given(share, 0.1),
      window: s.given(s.whole(10), 50),
      most_disagreement: s.given(share, 0.5),
      agree_f1: s.given(share, 0.5),
      baseline: s.given(numbers, []),
    }),
  ),
  sampling: s.given(s.asObject, {}),
  certificate: s.given(s.maybe(s.asObject), null),
  evaluation: s.given(s.maybe(s.asObject), null),
  created: s.given(s.text, ""),
  sha256: s.given(s.text, ""),
});
