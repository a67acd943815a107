/** The page's rooms, as they are in this browser and behind this gateway. */

import { LocalEngine } from "./engine/local.ts";
import { sharesMemory } from "./engine/threads.ts";
import { GatewayEngine } from "./gateway/engine.ts";
import { listModels, listPaths, listPolicies, listWebModels, policyText, readManifest } from "./gateway/lists.ts";
import { keepForGood, keptModels, remove, usage, verifyAgain } from "./kept/models.ts";
import { insecure, tooLittleMemory } from "./kept/words.ts";
import { Breakers } from "./policy/breaker.ts";
import { PolicyEngine } from "./policy/engine.ts";
import { readPolicy } from "./policy/file.ts";
import { policyOf } from "./policy/spec.ts";
import type { Policy } from "./policy/spec.ts";
import { ledger, UNSEEN } from "./privacy/page.ts";
import { Key } from "./ui/key.ts";
import type { Gateway, Kept, Machine, Parts, PolicyOptions, Requests, Shelf } from "./ui/parts.ts";
import { VERSIONS } from "./versions.ts";

/** `renew` reloads into the page's new version. */
export function roomsOf(key: Key, shelf: Shelf, renew: () => void): Parts {
  return {
    gateway: gatewayOf(key),
    machine: machineHere(),
    shelf,
    requests,
    kept,
    here: (options) => LocalEngine.open(options),
    policy,
    versions: VERSIONS,
    renew,
  };
}

function gatewayOf(key: Key): Gateway {
  return {
    models: async () => (await listModels(key.value)).map((model) => model.id),
    policies: () => listPolicies(key.value),
    policy: (name) => policyText(name, key.value),
    webModels: () => listWebModels(key.value),
    manifest: (model) => readManifest(model, key.value),
    paths: listPaths,
    open: (model) => new GatewayEngine({ model, key: () => key.value }),
  };
}

const requests: Requests = {
  get entries() {
    return ledger.entries;
  },
  unseen: UNSEEN,
  since: (stamp, until) => ledger.since(stamp, until),
  subscribe: (changed) => ledger.subscribe(changed),
};

const kept: Kept = {
  list: () => keptModels(),
  remove: (name) => remove(name),
  verify: (name, onBytes, signal) => verifyAgain(name, onBytes, signal),
  usage: () => usage(),
  persist: () => keepForGood(),
};

function machineHere(): Machine {
  const { deviceMemory } = navigator as { deviceMemory?: number };
  return {
    webgpu: "gpu" in navigator,
    isolated: sharesMemory(),
    keeps: typeof navigator.storage?.getDirectory === "function",
    cores: navigator.hardwareConcurrency || 1,
    obstacle: (title, bytes) =>
      insecure(globalThis.isSecureContext, new URL(location.href)) ?? tooLittleMemory(title, bytes, deviceMemory),
  };
}

/** Every question has an engine of its own; which model fails is remembered. */
const breakers = new Breakers();

async function policy({ small, large, file, weights, permit }: PolicyOptions) {
  const opened = file === null ? ownRules(small.name, large.name) : await readPolicy(file);
  return new PolicyEngine({ small, large, policy: opened, weights, permit, breakers });
}

/** Where the gateway has no policy: the draft is doubted when it is cut off, empty, or says that it does not know. */
function ownRules(small: string, large: string): Policy {
  return policyOf({ name: "page", kind: "fallback", small: { model: small }, large: { model: large } }, "");
}
