import assert from "node:assert/strict";
import { test } from "node:test";
import { Breakers } from "../../src/policy/breaker.ts";
import { PolicyEngine } from "../../src/policy/engine.ts";
import { readPolicy } from "../../src/policy/file.ts";
import type { Policy } from "../../src/policy/spec.ts";
import { PageError } from "../../src/types.ts";
import { Doorkeeper, Fake, type Said } from "./fakes.ts";
import { at, golden } from "./golden.ts";

const policies = await Promise.all(golden.policies.map((one) => readPolicy(one)));
const ask = { messages: [{ role: "user", content: "What is it?" }] } as const;

function named(name: string, fields: Partial<Policy> = {}): Policy {
  const found = policies.find((policy) => policy.name === name);
  assert.ok(found, name);
  return { ...found, ...fields } as Policy;
}

function sure(text: string, logprob: number): Said {
  const logprobs = text.split(" ").map((word) => ({ id: 1, text: word, logprob, top: [logprob - 1] }));
  return { text, finish: "stop", logprobs };
}

/** Confident from a mean log-probability of -1 on. */
const byMean = {
  ...named("half").decision,
  logistic: { features: ["mean"], centres: [-1], scales: [0.25], weights: [1], bias: 0 },
};

test("every question goes the way that it goes in the gateway", async () => {
  for (const one of golden.played) {
    const policy = at(policies, one.which[0]);
    const small = new Fake("s", one.down === "small" ? null : at(golden.replies, one.which[1]));
    const large = new Fake("l", one.down === "large" ? null : at(golden.replies, one.large));
    const engine = new PolicyEngine({ small, large, policy, permit: new Doorkeeper(true).permit });
    const shown: string[] = [];
    const answer = engine.answer({ ...at(golden.asks, one.which[2]), maxTokens: 256 }, (text) => shown.push(text));
    if (one.error) {
      await assert.rejects(answer, PageError);
      continue;
    }
    const reply = await answer;
    const told = `${policy.name} ${JSON.stringify(one)}`;
    assert.equal(reply.path, one.path, told);
    assert.equal(reply.text, one.text, told);
    assert.equal(shown.join(""), one.shown, told);
    if (policy.mode === "probe") continue; // A beginning is asked for by itself: one step more.
    const asked = reply.steps.filter((step) => step.timing || step.error);
    assert.deepEqual(asked.map((step) => [step.engine, step.kept, step.calibrated]), one.asked.map(([e, k, , c]) => [e, k, c]), told);
    asked.forEach((step, place) => {
      const wanted = one.asked[place]?.[2] ?? null;
      assert.ok(step.confidence === wanted || Math.abs((step.confidence ?? 9) - (wanted ?? -9)) <= 1e-9, told);
    });
  }
});

test("nothing is sent before exactly that was allowed", async () => {
  const [small, large, door] = [new Fake("s", sure("Perhaps Paris", -3)), new Fake("l", "Paris."), new Doorkeeper(true)];
  const engine = new PolicyEngine({ small, large, policy: named("half", { decision: byMean }), permit: door.permit });
  const reply = await engine.answer(ask, () => {});
  const seen = at(door.seen, 0);
  assert.equal(reply.path, "escalated");
  assert.equal(seen.to, "/v1/chat/completions");
  assert.equal(seen.payload, large.payload(at(large.asked, 0)));
  assert.equal(seen.draft, "Perhaps Paris");
  assert.ok(seen.confidence !== null && seen.confidence < 0.5 && seen.calibrated);
  assert.equal(seen.why, "confidence 0.000 is below 0.500; learned");
  assert.deepEqual([reply.engine, reply.policy], ["l", "policy:half"]);
  assert.match(reply.steps[0]?.why ?? "", /confidence 0\.000 is below 0\.500; learned/);
  assert.equal(reply.steps[0]?.text, "Perhaps Paris");
});

test("what is not allowed is not sent: the draft stays, and says so", async () => {
  const [small, large, door] = [new Fake("s", sure("Perhaps Paris", -3)), new Fake("l", "Paris."), new Doorkeeper(false)];
  const engine = new PolicyEngine({ small, large, policy: named("half", { decision: byMean }), permit: door.permit });
  const shown: string[] = [];
  const reply = await engine.answer(ask, (text) => shown.push(text));
  assert.equal(large.asked.length, 0);
  assert.deepEqual([reply.text, reply.path, shown.join("")], ["Perhaps Paris", "degraded", "Perhaps Paris"]);
  assert.match(reply.steps[0]?.why ?? "", /kept, because: Nothing was sent: it was not allowed/);
  assert.deepEqual([reply.steps[1]?.kept, reply.steps[1]?.timing], [false, null]);
});

test("where there is no draft and nothing may be sent there is no answer", async () => {
  const [small, large, door] = [new Fake("s", null), new Fake("l", "Paris."), new Doorkeeper(false)];
  const engine = new PolicyEngine({ small, large, policy: named("back"), permit: door.permit });
  await assert.rejects(engine.answer(ask, () => {}), (error: PageError) => error.code === "not-sent" && /s died/.test(error.message));
  assert.equal(large.asked.length, 0);
});

test("a private conversation is not even asked about", async () => {
  const [small, large, door] = [new Fake("s", "No"), new Fake("l", "Yes"), new Doorkeeper(true)];
  const engine = new PolicyEngine({ small, large, policy: named("rules"), permit: door.permit });
  const reply = await engine.answer({ messages: [{ role: "user", content: '{"a": "\\u0041B-12345"}' }] }, () => {});
  assert.deepEqual([reply.text, door.seen.length, large.asked.length], ["No", 0, 0]);
  assert.match(reply.steps[0]?.why ?? "", /private: pattern 1 is in the conversation/);
});

test("something private in a draft keeps it from being refined elsewhere", async () => {
  const [small, large, door] = [new Fake("s", "JSON: AB-12345"), new Fake("l", "Yes"), new Doorkeeper(true)];
  const engine = new PolicyEngine({ small, large, policy: named("flagged"), permit: door.permit });
  const reply = await engine.answer({ messages: [{ role: "user", content: "my contract?" }] }, () => {});
  assert.deepEqual([reply.path, door.seen.length, large.asked.length], ["degraded", 0, 0]);
  assert.match(reply.steps[0]?.why ?? "", /private: pattern 1 is in the draft/);
});

test("a policy of other weights is refused, and the same weights computed otherwise are marked", async () => {
  const [small, large, door] = [new Fake("s", sure("Paris", -0.1)), new Fake("l", "Paris."), new Doorkeeper(true)];
  const identity = { weights_sha256: "ab".repeat(32), recipe: "4" };
  const certificate = { target_error: "0.1" };
  const policy = named("half", { decision: byMean, certificate, small: { model: "s", identity } });
  const parts = { small, large, policy, permit: door.permit };
  const other = { weights: () => ({ sha256: "cd".repeat(32), variant: "wasm-int8" }) };
  assert.throws(() => new PolicyEngine({ ...parts, ...other }), (error: PageError) => /calibrated for s/.test(error.message));
  const same = { weights: () => ({ sha256: "ab".repeat(32), variant: "wasm-int8" }) };
  const reply = await new PolicyEngine({ ...parts, ...same }).answer(ask, () => {});
  assert.deepEqual([reply.path, reply.calibrated, reply.certified], ["accepted", false, false]);
  assert.match(reply.steps[0]?.why ?? "", /not calibrated for these weights \(wasm-int8\)/);
  const own = { ...policy, small: { model: "s", identity: { ...identity, variant: "wasm-int8" } } };
  const certified = await new PolicyEngine({ ...parts, ...same, policy: own }).answer(ask, () => {});
  assert.deepEqual([certified.calibrated, certified.certified], [true, true]);
});

test("what only the gateway can do is refused by name", () => {
  const [small, large, door] = [new Fake("s", ""), new Fake("l", ""), new Doorkeeper(true)];
  const half = named("half");
  const beyond: Partial<Policy>[] = [
    { kind: "verify" },
    { kind: "shadow" },
    { gates: { ...half.gates, budget_usd: 1 } },
    { gates: { ...half.gates, private: ["a++"] } },
    { decision: { ...half.decision, self_check: true } },
  ];
  for (const fields of beyond) {
    const policy = { ...half, ...fields };
    assert.throws(() => new PolicyEngine({ small, large, policy, permit: door.permit }), (error: PageError) => error.code === "policy" && /gateway/.test(error.fix));
  }
});

test("a draft is heard as it is written, and the answer only once it is decided", async () => {
  const [small, large, door] = [new Fake("s", sure("Perhaps", -3)), new Fake("l", "Paris."), new Doorkeeper(true)];
  const heard: string[] = [];
  const policy = named("half", { decision: byMean });
  const engine = new PolicyEngine({ small, large, policy, permit: door.permit, onDraft: (text) => heard.push(`draft ${text}`) });
  await engine.answer(ask, (text) => heard.push(`answer ${text}`));
  assert.deepEqual(heard, ["draft Perhaps", "answer Paris."]);
});

test("a draft that was stopped is the answer, and nobody is asked for more", async () => {
  const [small, large, door] = [new Fake("s", sure("Perh", -3)), new Fake("l", "Paris."), new Doorkeeper(true)];
  const stop = new AbortController();
  stop.abort();
  for (const name of ["half", "long", "back", "probe"]) {
    const engine = new PolicyEngine({ small, large, policy: named(name), permit: door.permit });
    const reply = await engine.answer(ask, () => {}, stop.signal);
    assert.deepEqual([reply.finish, reply.text], ["cancelled", "Perh"]);
  }
  assert.equal(door.seen.length, 0);
});

test("a large model that is down is left alone, and nobody is bothered for it", async () => {
  const [small, large, door] = [new Fake("s", "I don't know."), new Fake("l", null), new Doorkeeper(true)];
  const engine = new PolicyEngine({ small, large, policy: named("back"), permit: door.permit });
  for (let turn = 0; turn < 4; turn += 1) assert.equal((await engine.answer(ask, () => {})).path, "degraded");
  assert.deepEqual([door.seen.length, large.asked.length], [2, 2]);
});

test("a large model that is down is remembered from one engine to the next, until the policy is another", async () => {
  const [small, large, door, breakers] = [new Fake("s", "I don't know."), new Fake("l", null), new Doorkeeper(true), new Breakers()];
  const over = (policy: Policy) => new PolicyEngine({ small, large, policy, permit: door.permit, breakers });
  for (let turn = 0; turn < 4; turn += 1) await over(named("back")).answer(ask, () => {});
  assert.equal(door.seen.length, 2);
  await over(named("back", { sha256: "another" })).answer(ask, () => {});
  assert.equal(door.seen.length, 3);
});

test("a small model that takes too long is stopped, and the large one is asked", async () => {
  const slow = new Fake("s", "Late");
  const stopped: boolean[] = [];
  slow.answer = (_, __, signal) => new Promise((resolve) => signal?.addEventListener("abort", () => {
    stopped.push(signal.aborted);
    void Fake.prototype.answer.call(slow, ask, () => {}, signal).then(resolve);
  }));
  const policy = named("back", { fallback: { timeout_s: 0.05, failures: 3, cool_down_s: 30 } });
  const [large, door, stop] = [new Fake("l", "Paris."), new Doorkeeper(true), new AbortController()];
  const reply = await new PolicyEngine({ small: slow, large, policy, permit: door.permit }).answer(ask, () => {}, stop.signal);
  assert.deepEqual([reply.text, reply.path, stopped], ["Paris.", "escalated", [true]]);
  assert.equal(reply.steps[0]?.error, "s had not answered after 0.05 s.");
});

test("a second answer that says the same speaks for the first", async () => {
  const logistic = { features: ["agreement"], centres: [0.5], scales: [0.1], weights: [1], bias: 0 };
  const policy = named("half", { decision: { ...byMean, logistic, sample: true }, sampling: {} });
  const [small, large, door] = [new Fake("s", sure("Paris", -3)), new Fake("l", "Lyon"), new Doorkeeper(true)];
  const reply = await new PolicyEngine({ small, large, policy, permit: door.permit }).answer(ask, () => {});
  assert.deepEqual([reply.path, small.asked.map((one) => one.temperature ?? 0)], ["accepted", [0, 0.7]]);
});
