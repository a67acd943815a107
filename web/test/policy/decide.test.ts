import assert from "node:assert/strict";
import { test } from "node:test";
import { noted } from "../../src/engine/sampling.ts";
import { accepts, confidenceOf } from "../../src/policy/confidence.ts";
import { featuresOf } from "../../src/policy/features.ts";
import { digest, readPolicy } from "../../src/policy/file.ts";
import { parseJson } from "../../src/policy/json.ts";
import type { Features } from "../../src/policy/logistic.ts";
import { promptFeatures } from "../../src/policy/prompt.ts";
import { asObject } from "../../src/policy/shape.ts";
import { ALTERNATIVES, factsOf } from "../../src/policy/tokens.ts";
import { PageError } from "../../src/types.ts";
import { at, golden } from "./golden.ts";

function near(found: Features, wanted: Features): void {
  assert.deepEqual(Object.keys(found).toSorted(), Object.keys(wanted).toSorted());
  for (const [name, value] of Object.entries(wanted)) {
    assert.ok(Math.abs((found[name] ?? Number.NaN) - value) <= 1e-9, `${name}: ${found[name]} is not ${value}`);
  }
}

test("a file has the hash that the gateway gives it, whatever its numbers look like", async () => {
  for (const file of golden.files) {
    assert.equal(await digest(asObject(parseJson(file.text), "")), file.digest, file.text);
  }
});

test("a file is taken where the gateway takes it, and refused where it was edited or is none", async () => {
  for (const file of golden.files) {
    const read = readPolicy(file.text);
    if (file.good) assert.ok((await read).name);
    else await assert.rejects(read, (error: PageError) => error.code === "policy" && error.fix !== "");
  }
});

test("a policy has all its fields, those that the file leaves out too", async () => {
  const signed = at(golden.policies, 0);
  const policy = await readPolicy(signed);
  assert.deepEqual(JSON.parse(JSON.stringify(policy)), JSON.parse(signed));
  const bare = '{"name":"a","kind":"cascade","small":{"model":"s"},"large":{"model":"l"}';
  const sum = await digest(asObject(parseJson(`${bare}}`), ""));
  const read = await readPolicy(`${bare},"sha256":"${sum}"}`);
  assert.deepEqual({ ...read, name: policy.name, sha256: "", decision: null }, { ...policy, sha256: "", decision: null });
});

test("the features of drafts and of questions are the gateway's, to a billionth", () => {
  for (const reply of golden.replies) near(featuresOf(reply), reply.features);
  for (const ask of golden.asks) near(promptFeatures(ask.messages), ask.features);
});

test("of a token the page's engine tells what a native engine tells, however likely others are", () => {
  for (const { logits, token, facts } of golden.noted) {
    const [found] = factsOf([noted(Float32Array.from(logits), token, ALTERNATIVES, "x")]);
    const told = [found?.logprob, found?.margin, found?.entropy];
    told.forEach((value, place) => assert.ok(Math.abs((value ?? 9) - at(facts, place)) <= 0.0011, `${told} is not ${facts}`));
  }
});

test("a draft is as sure, as calibrated and as good enough as the gateway finds it", async () => {
  const policies = await Promise.all(golden.policies.map((one) => readPolicy(one)));
  for (const one of golden.judged) {
    const policy = at(policies, one.which[0]);
    const found = confidenceOf(policy, at(golden.asks, one.which[2]), at(golden.replies, one.which[1]));
    assert.ok(Math.abs(found.value - one.confidence) <= 1e-9, `${found.value} is not ${one.confidence}`);
    assert.equal(found.calibrated, one.calibrated);
    assert.equal(found.decides, one.decides);
    assert.equal(accepts(policy.decision, found.value), one.accepts);
    assert.equal(found.why, one.why);
  }
});

test("a draft without alternatives has no margins, and one without tokens is judged by rules", async () => {
  const alone = { text: "Yes", finish: "stop", logprobs: [{ id: 1, text: "Yes", logprob: -0.5, top: [] }] } as const;
  assert.ok(!("mean_margin" in featuresOf(alone)));
  const policy = await readPolicy(at(golden.policies, 0));
  const found = confidenceOf(policy, { messages: [] }, { ...alone, logprobs: [] });
  assert.deepEqual([found.value, found.calibrated, found.decides], [1, false, false]);
});
