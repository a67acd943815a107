/** A policy's file: read, and held against its hash, as `sprat.policies.file` does. */

import { PageError } from "../types.ts";
import { canonical, Numeral, parseJson, type Json } from "./json.ts";
import { asObject } from "./shape.ts";
import { FORMAT, policyOf, type Policy } from "./spec.ts";

const MOST_CHARS = 16 * 1024 * 1024;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** SHA-256 of bytes, in lower-case hexadecimal. */
export type Hash = (bytes: Uint8Array<ArrayBuffer>) => Promise<string>;

/**
 * The policy in a file's text.
 *
 * Throws a `PageError`: it is no policy, of a newer format, not signed, or edited since.
 */
export async function readPolicy(text: string, hash: Hash = sha256): Promise<Policy> {
  const data = objectIn(text);
  checkFormat(data);
  await checkHash(data, hash);
  try {
    const policy = policyOf(data, "");
    check(policy);
    return policy;
  } catch (error) {
    throw noPolicy(error);
  }
}

function objectIn(text: string): { readonly [key: string]: Json } {
  if (text.length > MOST_CHARS) throw noPolicy(`over ${MOST_CHARS} characters`);
  try {
    return asObject(parseJson(text), "");
  } catch (error) {
    throw noPolicy(error);
  }
}

function checkFormat(data: { readonly [key: string]: Json }): void {
  const found = data["format"];
  if (!(found instanceof Numeral) || found.value <= FORMAT) return;
  throw new PageError(
    "policy",
    `The policy is of format ${found.text}; this page reads up to ${FORMAT}.`,
    "Update Sprat, or choose another policy.",
  );
}

async function checkHash(data: { readonly [key: string]: Json }, hash: Hash): Promise<void> {
  const claimed = data["sha256"];
  if (typeof claimed !== "string" || claimed === "") {
    throw new PageError("policy", "The policy is not signed.", "Look at it, then: sprat policy sign");
  }
  if (claimed === (await digest(data, hash))) return;
  throw new PageError(
    "policy",
    `The policy was edited after it was signed: it says ${claimed.slice(0, 12)}…, and is another.`,
    "Whoever runs the gateway should look at it, then: sprat policy sign",
  );
}

/** SHA-256 of the canonical JSON of everything but `sha256`. */
export async function digest(data: { readonly [key: string]: Json }, hash: Hash = sha256): Promise<string> {
  const rest = Object.fromEntries(Object.entries(data).filter(([name]) => name !== "sha256"));
  return hash(new TextEncoder().encode(canonical(rest)));
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (!globalThis.crypto?.subtle) {
    throw new PageError(
      "insecure",
      "A policy cannot be verified on a page that is not secure: its browser keeps SHA-256 away.",
      "Open this page as https:// or at http://localhost.",
    );
  }
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(sum, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Refuse what the types alone let through. */
function check(policy: Policy): void {
  if (!NAME.test(policy.name)) throw new SyntaxError(`${policy.name} is no name for a policy`);
  if (policy.mode !== "buffer" && policy.kind !== "cascade") {
    throw new SyntaxError(`mode ${policy.mode} is for cascades, not for ${policy.kind}`);
  }
  const learned = policy.decision.logistic;
  if (policy.mode === "pre" && !learned) {
    throw new SyntaxError("mode pre decides from the prompt: it needs decision.logistic");
  }
  if (!learned) return;
  const { features, centres, scales, weights } = learned;
  if (new Set([features, centres, scales, weights].map((one) => one.length)).size !== 1) {
    throw new SyntaxError("decision.logistic: its lists are not of one length");
  }
  if (scales.includes(0)) throw new SyntaxError("decision.logistic: a scale is zero");
}

function noPolicy(error: unknown): PageError {
  const said = error instanceof Error ? error.message : String(error);
  return new PageError(
    "policy",
    `That is no policy: ${said}.`,
    "sprat policy new and sprat calibrate write policies; docs/policies.md describes their fields.",
  );
}
