/** What the gateway has: models, policies, weights for this page. */

import type { WebModel } from "../manifest.ts";
import { PageError } from "../types.ts";
import { refusal, unreachable } from "./problems.ts";

const PATIENCE_MS = 10_000;

export interface GatewayModel {
  readonly id: string;
}

/** What `/api/policies` says of one; `why` where it cannot be used. */
export interface PolicyLine {
  readonly name: string;
  readonly usable: boolean;
  readonly why?: string | null;
  readonly kind?: string | null;
  readonly small?: { readonly model: string } | null;
  readonly large?: { readonly model: string } | null;
}

/** All models that can be asked, policies among them. Throws `PageError`. */
export async function listModels(key: string | null): Promise<GatewayModel[]> {
  return listOf<GatewayModel>(await read("/v1/models", key), "data");
}

/** Throws `PageError`. */
export async function listPolicies(key: string | null): Promise<PolicyLine[]> {
  return listOf<PolicyLine>(await read("/api/policies", key), "policies");
}

/** Throws `PageError`. */
export async function listWebModels(key: string | null): Promise<WebModel[]> {
  return listOf<WebModel>(await read("/api/web/models", key), "models");
}

/** The policy's file as it was signed; `name` with or without `policy:`. Throws `PageError`. */
export async function readPolicy(name: string, key: string | null): Promise<unknown> {
  return read(`/api/policies/${encodeURIComponent(name.replace(/^policy:/, ""))}`, key);
}

/** Whether the gateway has a page at that address: `/docs`, `/runs`. */
export async function exists(path: string): Promise<boolean> {
  try {
    const rest = { method: "HEAD", credentials: "omit", signal: AbortSignal.timeout(PATIENCE_MS) } as const;
    return (await fetch(path, rest)).ok;
  } catch {
    return false; // Offline: a link would lead nowhere.
  }
}

async function read(path: string, key: string | null): Promise<unknown> {
  const headers: Record<string, string> = key ? { Authorization: `Bearer ${key}` } : {};
  let response: Response;
  try {
    response = await fetch(path, { headers, credentials: "omit", signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw unreachable();
  }
  if (!response.ok) throw await refusal(response);
  return response.json().catch(() => { throw strange(path); });
}

function listOf<T>(body: unknown, field: string): T[] {
  const list = (body as Record<string, unknown> | null)?.[field];
  if (!Array.isArray(list)) throw strange(field);
  return list as T[];
}

function strange(what: string): PageError {
  return new PageError("gateway", `The gateway's answer for ${what} is not of the form expected.`, "Reload the page.");
}
