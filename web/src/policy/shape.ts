/** What a field of a policy file may be. Each check says what it found, and where. */

import { isList, Numeral, type Json } from "./json.ts";

/** The value, checked; throws a `SyntaxError` that names the field. */
export type Shape<T> = (value: Json, at: string) => T;
interface Field<T> {
  readonly shape: Shape<T>;
  /** Where the file does not say; null: it must. */
  readonly otherwise: (() => T) | null;
}
type Fields<T> = { readonly [K in keyof T]: Field<T[K]> };

export function needed<T>(shape: Shape<T>): Field<T> {
  return { shape, otherwise: null };
}

export function given<T>(shape: Shape<T>, otherwise: NoInfer<T>): Field<T> {
  return { shape, otherwise: () => otherwise };
}

/** An object with these fields and no others. */
export function struct<T extends object>(fields: Fields<T>): Shape<T> {
  return (value, at) => {
    const found = asObject(value, at);
    for (const name of Object.keys(found)) {
      if (!Object.hasOwn(fields, name)) throw wrong(at, `has an unknown field, ${name}`);
    }
    const names = Object.keys(fields) as (keyof T & string)[];
    return Object.fromEntries(
      names.map((name) => [name, read(fields[name], found[name], `${at}.${name}`)]),
    ) as T;
  };
}

/** The same with nothing in it: all that is left out. */
export function empty<T extends object>(shape: Shape<T>): Field<T> {
  return { shape, otherwise: () => shape({}, "") };
}

function read<T>(field: Field<T>, value: Json | undefined, at: string): T {
  if (value !== undefined) return field.shape(value, at);
  if (field.otherwise) return field.otherwise();
  throw wrong(at, "is missing");
}

export function text(value: Json, at: string): string {
  if (typeof value !== "string") throw wrong(at, "is no text");
  return value;
}

export function flag(value: Json, at: string): boolean {
  if (typeof value !== "boolean") throw wrong(at, "is neither true nor false");
  return value;
}

/** `above`: larger than it, not equal to it. */
export function number(least = -Infinity, most = Infinity, above = -Infinity): Shape<number> {
  return (value, at) => {
    const found = value instanceof Numeral ? value.value : Number.NaN;
    if (!Number.isFinite(found)) throw wrong(at, "is no number");
    if (found < least || found > most || found <= above) throw wrong(at, `is ${found}: out of range`);
    return found;
  };
}

export function whole(least: number): Shape<number> {
  const any = number(least);
  return (value, at) => {
    if (!(value instanceof Numeral) || !value.isWhole) throw wrong(at, "is no whole number");
    return any(value, at);
  };
}

export function one<const T extends string>(...words: readonly T[]): Shape<T> {
  return (value, at) => {
    const found = words.find((word) => word === value);
    if (found === undefined) throw wrong(at, `is none of ${words.join(", ")}`);
    return found;
  };
}

export function list<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (value, at) => {
    if (!isList(value)) throw wrong(at, "is no list");
    return value.map((item, place) => shape(item, `${at}[${place}]`));
  };
}

export function maybe<T>(shape: Shape<T>): Shape<T | null> {
  return (value, at) => (value === null ? null : shape(value, at));
}

/** An object of whatever there is in it. */
export function asObject(value: Json, at: string): { readonly [key: string]: Json } {
  const is = value !== null && typeof value === "object" && !isList(value);
  if (!is || value instanceof Numeral) throw wrong(at, "is no object");
  return value;
}

function wrong(at: string, what: string): SyntaxError {
  return new SyntaxError(`${at.replace(/^\./, "") || "it"} ${what}`);
}
