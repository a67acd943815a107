import assert from "node:assert/strict";
import { test } from "node:test";
import { keptModels, remove, usage, verifyAgain } from "../../src/kept/models.ts";
import { lockName } from "../../src/kept/world.ts";
import { seeded } from "./bytes.ts";
import { Made } from "./world.ts";

const ONE = "http://localhost/api/web/one/";
const TWO = "http://localhost/api/web/two/manifest.json";

/** Two models with one file in common. */
async function pair() {
  const world = new Made();
  const shared = world.serve("tokenizer.json", seeded(10_000, 1));
  const [one, two] = [world.serve("one.onnx", seeded(30_000, 2)), world.serve("two.onnx", seeded(40_000, 3))];
  await world.open([shared, one], undefined, ONE);
  world.clockMs = 2_000;
  await world.open([shared, two], undefined, TWO);
  return { world, shared, one, two };
}

test("every model is listed with its files, their bytes and when they were verified", async () => {
  const { world } = await pair();
  const models = await keptModels(world);
  assert.deepEqual(
    models.map(({ name, bytes, keptBytes, whole, verifiedMs }) => [name, bytes, keptBytes, whole, verifiedMs]),
    [
      ["one", 40_000, 40_000, true, 1_000],
      ["two", 50_000, 50_000, true, 2_000],
    ],
  );
  assert.equal(world.server.requests.length, 3);
});

test("what two models share is counted once", async () => {
  const { world } = await pair();
  const room = await usage(world);
  assert.ok(room.keptBytes === 80_000 && room.unfinishedBytes === 0, JSON.stringify(room));
});

test("removing a model leaves what another shares, and removing both leaves nothing", async () => {
  const { world, shared, one } = await pair();
  await remove("one", world);
  assert.deepEqual((await keptModels(world)).map(({ name }) => name), ["two"]);
  assert.ok(world.disk.files.has(shared.sha256) && !world.disk.files.has(one.sha256));
  await remove("two", world);
  assert.equal(world.disk.files.size, 0);
});

test("an unfinished download is listed with what came, and can be removed", async () => {
  const world = new Made();
  const entry = world.serve("model.onnx", seeded(50_000));
  world.server.cuts = [20_000, ...Array<number>(9).fill(0)];
  await assert.rejects(world.open([entry], undefined, ONE));
  const [model] = await keptModels(world);
  assert.deepEqual([model?.name, model?.keptBytes, model?.bytes, model?.whole], ["one", 20_000, 50_000, false]);
  assert.equal((await usage(world)).unfinishedBytes, 20_000);
  await remove("one", world);
  assert.equal(world.disk.files.size, 0);
});

test("a file of nobody is listed under no name, and can be removed", async () => {
  const { world, one } = await pair();
  world.disk.files.delete(`${one.sha256}.json`);
  const stray = (await keptModels(world)).find(({ name }) => name === "");
  assert.equal(stray?.keptBytes, 30_000);
  await remove("", world);
  assert.equal(world.disk.files.has(one.sha256), false);
});

test("verifying again finds a bit that no start looks at, deletes the file and says which", async () => {
  const { world, two } = await pair();
  world.server.packet = 100_000;
  const large = world.serve("large.onnx", seeded(3_000_000, 4));
  await world.open([large, two], undefined, TWO);
  const at = 150_000;
  world.disk.files.get(large.sha256)![at]! ^= 1;
  await world.open([large], undefined, TWO);
  const read: [number, number][] = [];
  const wrong = await verifyAgain("two", (done, total) => read.push([done, total]), undefined, world);
  assert.deepEqual(wrong, ["large.onnx"]);
  assert.deepEqual(read.at(-1), [3_050_000, 3_050_000]);
  assert.equal((await keptModels(world)).find(({ name }) => name === "two")?.whole, false);
  await world.open([large], undefined, TWO);
  assert.deepEqual(await verifyAgain("two", () => undefined, undefined, world), []);
  assert.equal((await keptModels(world)).find(({ name }) => name === "two")?.whole, true);
});

test("new weights under an old name take the old ones' place", async () => {
  const { world, one, shared } = await pair();
  const newer = world.serve("one.onnx", seeded(31_000, 5));
  await world.open([shared, newer], undefined, ONE);
  assert.equal(world.disk.files.has(one.sha256), false);
  assert.equal((await keptModels(world))[0]?.bytes, 41_000);
});

test("another kind of weights of the same model is kept beside the first", async () => {
  const { world, one } = await pair();
  const other = world.serve("onnx/q4.onnx", seeded(20_000, 6));
  await world.open([other], undefined, ONE);
  assert.ok(world.disk.files.has(one.sha256) && world.disk.files.has(other.sha256));
});

test("a model that another tab is downloading is not removed under its hands", async (t) => {
  t.mock.method(AbortSignal, "timeout", () => AbortSignal.abort(new DOMException("", "TimeoutError")));
  const { world, one } = await pair();
  await assert.rejects(remove("one", world), { name: "PageError", code: "busy" });
  assert.ok(world.disk.files.has(one.sha256));
});

test("a file that another tab has begun again, or removed, is left alone by verifying again", async () => {
  const { world, one } = await pair();
  let read = 0;
  const verify = () => verifyAgain("one", () => (read += 1), undefined, world);
  const { store } = await world.store();
  const note = (await store!.note(one.sha256))!;
  let verified: Promise<string[]> | null = null;
  await world.lock(lockName(one.sha256), async () => {
    verified = verify();
    await new Promise((wake) => setTimeout(wake, 20));
    await store!.putNote(one.sha256, { ...note, verifiedMs: null, pieces: null });
    world.disk.files.set(one.sha256, seeded(10, 9));
  });
  assert.deepEqual(await verified, []);
  assert.ok(read > 0);
  assert.equal(world.disk.files.get(one.sha256)?.length, 10);
  assert.equal((await store!.note(one.sha256))?.verifiedMs, null);
});

test("verifying what another tab goes on having says so after some seconds, and can be stopped", async (t) => {
  const { world, one } = await pair();
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const [told, stop]: [unknown[][], AbortController] = [[], new AbortController()];
  let letGo = () => {};
  const held = world.lock(lockName(one.sha256), () => new Promise<void>((wake) => (letGo = wake)));
  const verified = verifyAgain("one", (...words) => told.push(words), stop.signal, world);
  for (let turns = 0; turns < 50; turns++) await new Promise((wake) => setImmediate(wake));
  assert.ok(told.every(([, , waits]) => waits === false));
  t.mock.timers.tick(3000);
  assert.equal(told.at(-1)?.[2], true);
  stop.abort();
  await assert.rejects(verified, { name: "AbortError" });
  letGo();
  await held;
  assert.equal((await verifyAgain("one", () => undefined, undefined, world)).length, 0);
});
