/** What the gateway has: models, policies, weights for this page. */

import type { Manifest, WebModel } from "../manifest.ts";
import { PageError } from "../types.ts";
import { refusal, unreachable } from "./problems.ts";

const PATIENCE_MS = 10_000;
/** A model that was never asked for is exported first. */
const EXPORT_MS = 180_000;

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

/** A policy's file, letter for letter: its hash is over that. `name` with or without `policy:`. Throws `PageError`. */
export async function policyText(name: string, key: string | null): Promise<string> {
  return (await get(`/api/policies/${encodeURIComponent(name.replace(/^policy:/, ""))}`, key)).text();
}

/** Asking for it exports what is not exported yet. Throws `PageError`. */
export async function readManifest(model: WebModel, key: string | null): Promise<Manifest> {
  return (await read(model.manifest, key, EXPORT_MS)) as Manifest;
}

/** Every address that the gateway answers at; none where it does not say. */
export async function listPaths(): Promise<string[]> {
  try {
    const { paths } = (await read("/openapi.json", null)) as { paths?: object };
    return Object.keys(paths ?? {});
  } catch {
    return []; // Offline, or hosted elsewhere: links would lead nowhere.
  }
}

async function read(path: string, key: string | null, patienceMs = PATIENCE_MS): Promise<unknown> {
  const response = await get(path, key, patienceMs);
  return response.json().catch(() => { throw strange(path); });
}

async function get(path: string, key: string | null, patienceMs = PATIENCE_MS): Promise<Response> {
  const headers: Record<string, string> = key ? { Authorization: `Bearer ${key}` } : {};
  const rest = { headers, credentials: "omit", signal: AbortSignal.timeout(patienceMs) } as const;
  const response = await fetch(path, rest).catch(() => { throw unreachable(); });
  if (!response.ok) throw await refusal(response);
  return response;
}

function listOf<T>(body: unknown, field: string): T[] {
  const list = (body as Record<string, unknown> | null)?.[field];
  if (!Array.isArray(list)) throw strange(field);
  return list as T[];
}

function strange(what: string): PageError {
  return new PageError("gateway", `The gateway's answer for ${what} is not of the form expected.`, "Reload the page.");
}
