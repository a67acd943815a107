import assert from "node:assert/strict";
import { test } from "node:test";
import { type Entry, type Seen, entryOf, isAway } from "../../src/privacy/entry.ts";
import { Ledger } from "../../src/privacy/ledger.ts";
import { scriptName } from "../../src/privacy/relay.ts";

/** By the clock of 1970, when this page began. */
const BEGAN_MS = 1000;

function entry(more: Partial<Seen> = {}): Entry {
  const seen = { witness: "called", kind: "fetch", address: "/v1/models?key=secret", atMs: 1500 } as const;
  return entryOf({ ...seen, ...more }, "page", new URL("http://localhost:8300/"), BEGAN_MS);
}

function ledgerOf(...all: Partial<Seen>[]): Ledger {
  const ledger = new Ledger();
  for (const one of all) ledger.add(entry(one));
  return ledger;
}

test("an entry has the place without the query, and the page's own time", () => {
  const { address, stamp, own } = entry();
  assert.deepEqual([address, stamp, own], ["http://localhost:8300/v1/models", 500, true]);
});

for (const [address, own] of [
  ["ws://localhost:8300/x", true],
  ["http://localhost:8301/x", false],
  ["https://elsewhere.example/x", false],
  ["rtc:", false],
] as const) {
  test(`${address} is ${own ? "this page's own place" : "elsewhere"}`, () => {
    assert.equal(entry({ address }).own, own);
    assert.equal(entry({ address }).address, address);
  });
}

test("a script that was refused where it stood has no place", () => {
  const { address, own } = entry({ witness: "refused", address: "inline" });
  assert.deepEqual([address, own], ["inline", true]);
});

test("what stays in the browser by its very address is no request", () => {
  const stays = ["data:,x", "blob:http://localhost/1", "about:blank", "javascript:0"];
  assert.deepEqual(stays.map(isAway), [false, false, false, false]);
  assert.ok(isAway("https://x") && isAway("a/b"));
});

test("the count is that of the witness who saw most, and each is told too", () => {
  const seen = { witness: "observed" } as const;
  const count = ledgerOf({}, seen, seen, { witness: "refused" }).since(0);
  const told = { requests: 2, elsewhere: 0, called: 1, observed: 2, passed: null, refused: 1 };
  assert.deepEqual(count, told);
});

test("a witness who is not there cannot tell, which is not the same as nothing", () => {
  const ledger = ledgerOf();
  assert.equal(ledger.since(0).passed, null);
  ledger.hasPassing = true;
  assert.equal(ledger.since(0).passed, 0);
});

test("only what began within the time asked for counts", () => {
  const ledger = ledgerOf({ atMs: 1100 }, { atMs: 1200 }, { atMs: 1300 });
  assert.equal(ledger.since(200).requests, 2);
  assert.equal(ledger.since(200, 300).requests, 1);
  assert.equal(ledger.since(301).requests, 0);
});

test("more than can be listed is still counted, and never missing where it might belong", () => {
  const ledger = ledgerOf(...Array.from({ length: 5010 }, (_, i) => ({ atMs: BEGAN_MS + i })));
  assert.equal(ledger.entries.length, 5000);
  assert.equal(ledger.since(0).requests, 5010);
  assert.ok(ledger.since(5).requests >= 5005);
  assert.equal(ledger.since(10).requests, 5000);
});

test("who listens is told, until that is ended", () => {
  const ledger = new Ledger();
  let times = 0;
  const end = ledger.subscribe(() => times++);
  ledger.add(entry());
  end();
  ledger.add(entry());
  assert.equal(times, 1);
});

for (const [address, name] of [
  ["http://localhost/assets/worker-AB12CD34.js", "worker"],
  ["http://localhost/assets/kept.worker-AB12CD34.js?x=1", "kept.worker"],
  ["http://localhost/worker.js", "worker"],
  ["http://localhost/", "worker"],
] as const) {
  test(`the worker at ${address} is called ${name}`, () => assert.equal(scriptName(address), name));
}
