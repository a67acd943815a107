import assert from "node:assert/strict";
import { test } from "node:test";
import { Report } from "../../src/kept/open.ts";
import { PageError } from "../../src/types.ts";
import { entryOf, seeded, sha256Of } from "./bytes.ts";
import { BASE, Made, bytesOf } from "./world.ts";

const BYTES = seeded(50_000);
const OTHER = seeded(50_000, 2);

async function failure(work: Promise<unknown>): Promise<PageError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof PageError, String(error));
    return error;
  }
  return assert.fail("nothing was thrown");
}

/** A page that was killed when about half the file had come. */
async function halfway(world = new Made()) {
  const entry = world.serve("onnx/model.onnx", BYTES);
  const stop = new AbortController();
  world.server.onPacket = () => {
    if (world.server.sentBytes >= 25_000) stop.abort();
  };
  await assert.rejects(world.open([entry], stop.signal), { name: "AbortError" });
  world.server.onPacket = () => undefined;
  world.disk.kill();
  const hereBytes = world.disk.files.get(entry.sha256)!.length;
  assert.ok(hereBytes > 0 && hereBytes < BYTES.length);
  return { world, entry, hereBytes };
}

test("a file comes once, and is then opened from the disk without a request", async () => {
  const world = new Made();
  const entry = world.serve("onnx/model.onnx", BYTES);
  for (let start = 0; start < 2; start++) {
    const opened = (await world.open([entry])).get("onnx/model.onnx");
    assert.ok(opened instanceof Blob);
    assert.deepEqual(await bytesOf(opened), BYTES);
  }
  assert.equal(world.server.requests.length, 1);
  assert.equal(world.server.sentBytes, BYTES.length);
});

test("a download that was stopped asks only for what is missing, of the same bytes", async () => {
  const { world, entry, hereBytes } = await halfway();
  const opened = (await world.open([entry])).get(entry.name);
  assert.deepEqual(await bytesOf(opened), BYTES);
  const last = world.server.requests.at(-1);
  assert.equal(last?.range, `bytes=${hereBytes}-`);
  assert.equal(last?.ifRange, '"first"');
});

test("a server without ranges begins again, and the file is right", async () => {
  const { world, entry } = await halfway();
  world.server.ranges = false;
  assert.deepEqual(await bytesOf((await world.open([entry])).get(entry.name)), BYTES);
});

test("bytes of another version of the file are not put together with ours", async () => {
  const { world, entry, hereBytes } = await halfway();
  world.disk.files.set(entry.sha256, OTHER.slice(0, hereBytes));
  world.server.etag = '"second"';
  const before = world.server.sentBytes;
  assert.deepEqual(await bytesOf((await world.open([entry])).get(entry.name)), BYTES);
  assert.equal(world.server.sentBytes - before, BYTES.length);
});

test("a byte that was flipped on the disk halfway is caught at the end, and mended", async () => {
  const { world, entry } = await halfway();
  world.disk.files.get(entry.sha256)![10]! ^= 1;
  assert.deepEqual(await bytesOf((await world.open([entry])).get(entry.name)), BYTES);
});

test("connections that break are taken up where they broke, after a longer wait each time", async () => {
  const world = new Made();
  const entry = world.serve("model.onnx", BYTES);
  world.server.cuts = [20_000, 0, 0, 20_000];
  assert.deepEqual(await bytesOf((await world.open([entry])).get(entry.name)), BYTES);
  assert.deepEqual(world.server.requests.map(({ range }) => range), [
    null,
    "bytes=20000-",
    "bytes=20000-",
    "bytes=20000-",
    "bytes=40000-",
  ]);
  assert.deepEqual(world.waitedMs, [500, 1000, 2000, 500]);
});

test("a server that never gets on is left, and what came is kept", async () => {
  const world = new Made();
  const entry = world.serve("model.onnx", BYTES);
  world.server.cuts = [20_000, ...Array<number>(20).fill(0)];
  const error = await failure(world.open([entry]));
  assert.equal(error.code, "network");
  assert.match(error.message, /model\.onnx stopped at 20 KB of 50 KB/);
  assert.equal(world.server.requests.length, 6);
  assert.equal(world.disk.files.get(entry.sha256)!.length, 20_000);
});

test("a server that breaks off always at the same byte is left too, ranges or none", async () => {
  const world = new Made();
  const entry = world.serve("model.onnx", BYTES);
  world.server.ranges = false;
  world.server.cuts = Array<number>(50).fill(30_000);
  assert.equal((await failure(world.open([entry]))).code, "network");
  assert.ok(world.server.requests.length <= 7);
});

test("a server that is busy is asked again when it says, within half a minute", async () => {
  const world = new Made();
  const entry = world.serve("model.onnx", BYTES);
  world.server.refusals = [
    { status: 503, headers: { "retry-after": "7" } },
    { status: 429, headers: { "retry-after": "86400" } },
    { status: 500 },
  ];
  assert.deepEqual(await bytesOf((await world.open([entry])).get(entry.name)), BYTES);
  assert.deepEqual(world.waitedMs, [7000, 30_000, 2000]);
});

for (const [status, says] of [
  [404, /model\.onnx is not at \/api\/web\/tiny\/model\.onnx \(status 404\)/],
  [401, /without a key/],
] as const) {
  test(`status ${status} is told at once: asking again helps nobody`, async () => {
    const world = new Made();
    const entry = world.serve("model.onnx", BYTES);
    world.server.refusals = [{ status }];
    const error = await failure(world.open([entry]));
    assert.match(error.message, says);
    assert.equal(world.server.requests.length, 1);
  });
}

test("wrong bytes are fetched once more, and then named with both hashes", async () => {
  const world = new Made();
  const entry = world.serve("model.onnx", BYTES);
  const wrong = BYTES.slice();
  wrong[40_000]! ^= 1;
  world.server.files.set(entry.name, wrong);
  const error = await failure(world.open([entry]));
  assert.equal(error.code, "hash");
  for (const part of ["model.onnx", entry.sha256, sha256Of(wrong)]) {
    assert.ok(error.message.includes(part), error.message);
  }
  assert.equal(world.server.requests.length, 2);
  assert.equal(world.disk.files.has(entry.sha256), false);
});

test("bytes that were wrong once are right the second time", async () => {
  const world = new Made();
  const entry = world.serve("model.onnx", BYTES);
  world.server.files.set(entry.name, OTHER);
  world.server.onPacket = () => {
    if (world.server.sentBytes > OTHER.length / 2) world.server.files.set(entry.name, BYTES);
  };
  assert.deepEqual(await bytesOf((await world.open([entry])).get(entry.name)), BYTES);
  assert.equal(world.server.requests.length, 2);
});

test("a server that sends more than the manifest says is stopped", async () => {
  const world = new Made();
  const entry = world.serve("model.onnx", BYTES);
  world.server.files.set(entry.name, seeded(10_000_000));
  assert.equal((await failure(world.open([entry]))).code, "network");
  assert.ok(world.server.sentBytes < 10 * BYTES.length, `${world.server.sentBytes}`);
});

test("a kept file that was cut, or damaged where later starts look, is fetched again", async () => {
  const world = new Made();
  const entry = world.serve("model.onnx", BYTES);
  await world.open([entry]);
  world.disk.files.set(entry.sha256, BYTES.slice(0, 49_999));
  assert.deepEqual(await bytesOf((await world.open([entry])).get(entry.name)), BYTES);
  world.disk.files.get(entry.sha256)![0]! ^= 1;
  assert.deepEqual(await bytesOf((await world.open([entry])).get(entry.name)), BYTES);
});

test("a broken note costs a hash of the file, not a download", async () => {
  const world = new Made();
  const entry = world.serve("model.onnx", BYTES);
  await world.open([entry]);
  world.disk.files.set(`${entry.sha256}.json`, new TextEncoder().encode('{"format":1,"by'));
  assert.deepEqual(await bytesOf((await world.open([entry])).get(entry.name)), BYTES);
  assert.equal(world.server.requests.length, 1);
});

test("two tabs that want the same file fetch it once", async () => {
  const world = new Made();
  const entry = world.serve("model.onnx", BYTES);
  const both = await Promise.all([world.open([entry]), world.open([entry])]);
  for (const opened of both) assert.deepEqual(await bytesOf(opened.get(entry.name)), BYTES);
  assert.equal(world.server.requests.length, 1);
});

test("where the browser says beforehand that there is no room, the file is held in memory", async () => {
  const world = new Made();
  world.freeBytesTold = 20_000;
  const entry = world.serve("model.onnx", BYTES);
  const opened = (await world.open([entry])).get(entry.name);
  assert.ok(opened instanceof Uint8Array);
  assert.deepEqual(opened, BYTES);
  assert.match(world.notes().join(), /model\.onnx needs 50 KB and this browser has room for 20 KB/);
  assert.equal(world.disk.files.size, 0);
});

test("where room ends in the middle, what came moves into memory and is not asked for again", async () => {
  const world = new Made();
  world.disk.quotaBytes = 20_500;
  const entry = world.serve("model.onnx", BYTES);
  const opened = (await world.open([entry])).get(entry.name);
  assert.deepEqual(opened, BYTES);
  assert.match(world.server.requests.at(-1)!.range!, /^bytes=(1[89]|20)\d{3}-$/);
  assert.equal(world.disk.usedBytes(), 0);
});

test("where nothing may be kept, everything is held in memory, and the reason told", async () => {
  const world = new Made();
  world.refuses = "the address is not secure";
  const entries = [world.serve("a.json", BYTES), world.serve("b.json", OTHER)];
  const opened = await world.open(entries);
  assert.deepEqual(opened.get("b.json"), OTHER);
  assert.match(world.notes().join(), /keeps no files here \(the address is not secure\)/);
});

test("in memory too a wrong byte is caught, and a broken connection taken up", async () => {
  const world = new Made();
  world.refuses = "private";
  const entry = world.serve("model.onnx", BYTES);
  world.server.cuts = [20_000];
  assert.deepEqual((await world.open([entry])).get(entry.name), BYTES);
  assert.equal(world.server.requests.at(-1)?.range, "bytes=20000-");
  world.server.files.set(entry.name, OTHER);
  assert.equal((await failure(world.open([entry]))).code, "hash");
});

test("progress only grows, ends at the whole, and counts what was here before", async () => {
  const { world, entry } = await halfway();
  const more = world.serve("config.json", OTHER);
  world.told.length = 0;
  await world.open([entry, more]);
  const done = world.told.map(({ doneBytes }) => doneBytes);
  assert.deepEqual(done, done.toSorted((a, b) => a - b));
  assert.deepEqual(world.told.at(-1), {
    doneBytes: 100_000,
    totalBytes: 100_000,
    file: "config.json",
  });
});

test("an empty file needs no bytes", async () => {
  const world = new Made();
  const entry = world.serve("empty.json", new Uint8Array());
  assert.equal((await bytesOf((await world.open([entry])).get(entry.name))).length, 0);
});

for (const name of ["../x", "/x", "a//b", "http://x/y", ".x", "a/../b", "a\\b", "", "a?b"]) {
  test(`a manifest cannot name ${name || "nothing"}`, async () => {
    const world = new Made();
    const error = await failure(world.open([{ ...entryOf("x", BYTES), name }]));
    assert.equal(error.code, "manifest");
    assert.equal(world.server.requests.length, 0);
  });
}

for (const wrong of [{ bytes: -1 }, { bytes: 1.5 }, { bytes: 2 ** 40 }, { sha256: "../../x" }]) {
  test(`a manifest cannot say ${JSON.stringify(wrong)}`, async () => {
    const error = await failure(new Made().open([{ ...entryOf("x", BYTES), ...wrong }]));
    assert.equal(error.code, "manifest");
  });
}

test("the address tells the server which bytes are meant", async () => {
  const { addressOf } = await import("../../src/kept/entries.ts");
  const entry = entryOf("onnx/a.onnx", BYTES);
  for (const base of [BASE, BASE.slice(0, -1), `${BASE}manifest.json`]) {
    assert.equal(addressOf(entry, base).href, `${BASE}onnx/a.onnx?v=${entry.sha256.slice(0, 16)}`);
  }
});

test("a download that stands still is told as far as it came, and not after its end", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(performance, "now", () => 1000);
  const told: number[] = [];
  const report = new Report([entryOf("a", BYTES)], ({ doneBytes }) => told.push(doneBytes));
  report.bytes(10);
  report.bytes(20);
  t.mock.timers.tick(100);
  assert.deepEqual(told, [10, 20]);
  report.bytes(30);
  report.close();
  t.mock.timers.tick(100);
  assert.deepEqual(told, [10, 20]);
});
