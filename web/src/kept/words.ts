/** What people are told about keeping and fetching a model: one line each, and what to do. */

import { PageError } from "../types.ts";

const GIB = 2 ** 30;
const UNITS = ["bytes", "KB", "MB", "GB"] as const;

/** Decimal units, as download pages have them: `138 MB`, `1.2 GB`. */
export function sizeText(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  const amount = bytes / 1000 ** power;
  const digits = power > 0 && amount < 10 ? 1 : 0;
  return `${amount.toFixed(digits)} ${UNITS[power]}`;
}

export function unreachable(name: string, address: URL, status: number): PageError {
  const where = address.pathname;
  if (status === 401 || status === 403) {
    return new PageError(
      "network",
      `The gateway does not give ${name} without a key (status ${status}, ${where}).`,
      "Enter the gateway's key in the settings.",
    );
  }
  return new PageError(
    "network",
    `${name} is not at ${where} (status ${status}).`,
    "Reload the page: the models may have changed since it was opened.",
  );
}

export function stopped(name: string, bytes: number, total: number, why: string): PageError {
  return new PageError(
    "network",
    `${name} stopped at ${sizeText(bytes)} of ${sizeText(total)}: ${why}.`,
    "Check the connection and start the download again: it goes on from there.",
  );
}

export function wrongHash(name: string, wanted: string, found: string): PageError {
  return new PageError(
    "hash",
    `${name} came twice with other bytes than its manifest says: SHA-256 ${found}, not ${wanted}.`,
    "Export the model again, or look for what changes files between the gateway and this page.",
  );
}

export function noMemory(name: string, bytes: number): PageError {
  return new PageError(
    "memory",
    `${name} needs ${sizeText(bytes)} of memory in one piece, and the browser has none left.`,
    "Close other tabs, or choose a smaller model.",
  );
}

/** Where the file is not kept, but works. `room`: bytes that there are for it. */
export function quotaNote(name: string, needed: number, room: number): string {
  return (
    `${name} needs ${sizeText(needed)} and this browser has room for ${sizeText(room)}: ` +
    `it stays in memory and is downloaded again next time.`
  );
}

export function unkeptNote(why: string): string {
  return `This browser keeps no files here (${why}): the model stays in memory and is downloaded again next time.`;
}

/** null: there is enough, as far as a browser tells. It tells 8 GiB at most. */
export function tooLittleMemory(title: string, bytes: number, deviceGib?: number): PageError | null {
  // The weights, the runtime's copy of them while it loads, and the page itself.
  const neededGib = (2 * bytes) / GIB + 0.5;
  if (deviceGib === undefined || deviceGib >= 8 || deviceGib >= neededGib) return null;
  return new PageError(
    "memory",
    `${title} needs about ${neededGib.toFixed(1)} GiB of memory here; this device has about ${deviceGib}.`,
    "Choose a smaller model, or ask the gateway.",
  );
}

/** null: the page is in a secure context. */
export function insecure(secure: boolean, address: URL): PageError | null {
  if (secure) return null;
  const port = address.port || "80";
  return new PageError(
    "insecure",
    `${address.origin} is not a secure address: browsers give such pages no WebGPU and keep no files for them.`,
    `Open it by https, or on this machine through a tunnel: 'ssh -N -L ${port}:localhost:${port} ` +
      `${address.hostname}', then http://localhost:${port}/.`,
  );
}
