/** A bare page around a policy: `hybrid` asks the model here, and the gateway's where that is allowed. */

import { LocalEngine } from "../../src/engine/local.ts";
import type { EngineState } from "../../src/engine/local.ts";
import { GatewayEngine } from "../../src/gateway/engine.ts";
import { PolicyEngine } from "../../src/policy/engine.ts";
import { readPolicy } from "../../src/policy/file.ts";
import type { Escalation } from "../../src/policy/permit.ts";
import { PageError, type Ask } from "../../src/types.ts";

interface Hybrid {
  readonly manifest: string;
  /** A policy file's text. */
  readonly policy: string;
  /** A name behind the gateway. */
  readonly model: string;
  readonly sha256: string;
  readonly asks: readonly Ask[];
  readonly allow: boolean;
}

/** Every answer, and everything that leave was asked for. */
async function hybrid({ manifest, policy, model, sha256, asks, allow }: Hybrid): Promise<object> {
  let state: EngineState = { phase: "idle" };
  const onState = (next: EngineState): void => void (state = next);
  const small = LocalEngine.open({ manifestUrl: manifest, backend: "wasm", threads: 1, onState });
  const seen: Escalation[] = [];
  const permit = async (escalation: Escalation): Promise<boolean> => {
    seen.push(escalation);
    return allow;
  };
  try {
    await small.warm();
    const weights = () => (state.variant ? { sha256, variant: state.variant } : null);
    const engine = new PolicyEngine({ small, large: new GatewayEngine({ model }), policy: await readPolicy(policy), permit, weights });
    const replies = [];
    for (const ask of asks) replies.push(await engine.answer(ask, () => {}));
    return { replies, seen };
  } catch (error) {
    return error instanceof PageError ? { code: error.code, message: error.message } : { message: String(error) };
  } finally {
    small.close();
  }
}

Object.assign(globalThis, { hybrid });
