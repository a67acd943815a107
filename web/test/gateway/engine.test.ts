import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";

import { GatewayEngine } from "../../src/gateway/engine.ts";
import type { Ask } from "../../src/types.ts";

const ASK: Ask = { messages: [{ role: "user", content: "Hello" }] };

type Answering = (request: IncomingMessage, response: ServerResponse, body: string) => void;

let answering: Answering = () => {};
const server: Server = createServer((request, response) => {
  let body = "";
  request.on("data", (piece) => (body += piece));
  request.on("end", () => answering(request, response, body));
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
after(() => {
  server.closeAllConnections();
  server.close();
});

function golden(name: string): string {
  return readFileSync(new URL(`../../../tests/serve/golden/${name}.sse`, import.meta.url), "utf-8");
}

function stream(text: string): Answering {
  return (_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.end(text);
  };
}

function engine(key?: string): GatewayEngine {
  return new GatewayEngine({ model: "echo", base, key: () => key ?? null });
}

async function answer(ask: Ask = ASK) {
  const pieces: string[] = [];
  return { reply: await engine().answer(ask, (text) => pieces.push(text)), pieces };
}

test("a golden stream with its count becomes one reply, piece by piece", async () => {
  answering = stream(golden("chat-usage"));
  const { reply, pieces } = await answer();
  assert.deepEqual(pieces, ["Hello", " there,", " friend."]);
  assert.equal(reply.text, "Hello there, friend.");
  assert.equal(reply.finish, "stop");
  assert.deepEqual(reply.usage, { inputTokens: 1, outputTokens: 3, cachedTokens: 0 });
  assert.equal(reply.where, "gateway");
  assert.equal(reply.timing.loadMs, 500);
  assert.ok(reply.timing.firstToken !== null && reply.timing.firstToken >= reply.timing.sent);
  assert.deepEqual(reply.steps.map((step) => [step.role, step.engine, step.kept]), [["answer", "echo", true]]);
});

test("an answer that was cut by its limit says so", async () => {
  answering = stream(golden("chat-length"));
  assert.equal((await answer()).reply.finish, "length");
});

test("log-probabilities are kept with the others of their place", async () => {
  answering = stream(golden("chat-logprobs"));
  const { reply } = await answer({ ...ASK, logprobs: true });
  assert.ok(reply.logprobs.length > 0);
  assert.equal(reply.logprobs.map((entry) => entry.text).join(""), reply.text);
  assert.ok(reply.logprobs.every((entry) => entry.logprob <= 0));
});

test("what a model thinks is no text of its answer, but its first token", async () => {
  answering = stream(golden("chat-thinking"));
  const { reply } = await answer();
  assert.equal(reply.text, "It is four.");
  assert.ok(reply.timing.firstToken !== null);
});

test("an error in the stream is an error, with the gateway's own words", async () => {
  answering = stream(golden("chat-error-halfway"));
  await assert.rejects(answer(), { code: "engine_died", message: /The script says so/ });
});

test("a stream without its end is no answer", async () => {
  answering = stream(golden("chat-text").replace("data: [DONE]\n\n", ""));
  await assert.rejects(answer(), { code: "cut" });
});

test("a connection that is cut is no answer", async () => {
  answering = (_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(golden("chat-text").split("data: [DONE]")[0], () => response.destroy());
  };
  await assert.rejects(answer(), { code: "cut", message: /after \d\d characters/ });
});

test("a connection that is cut before the first word was there all the same", async () => {
  answering = (_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(": awake\n\n", () => response.destroy());
  };
  await assert.rejects(answer(), { code: "cut", message: /after 0 characters/ });
});

test("a browser that cannot iterate over a stream reads it as well", async () => {
  answering = stream(golden("chat-usage"));
  const { fetch } = globalThis;
  globalThis.fetch = async (...all) => {
    const response = await fetch(...all);
    Object.defineProperty(response.body, Symbol.asyncIterator, { value: undefined });
    return response;
  };
  try {
    assert.equal((await answer()).reply.text, "Hello there, friend.");
  } finally {
    globalThis.fetch = fetch;
  }
});

test("a mistake of the page's own is not taken for a gateway that is not there", async () => {
  answering = stream(golden("chat-usage"));
  const wrong = engine().answer(ASK, () => { throw new TypeError("of the page"); });
  await assert.rejects(wrong, { name: "TypeError", message: "of the page" });
});

test("a refusal has the gateway's words, and what to do", async () => {
  answering = (_, response) => {
    response.writeHead(401, { "Content-Type": "application/json" });
    response.end('{"error":{"message":"Send the key.","code":"invalid_api_key"}}');
  };
  await assert.rejects(answer(), { code: "invalid_api_key", message: /401.*Send the key/, fix: /key under Settings/ });
});

test("a refusal that is no JSON is one all the same", async () => {
  answering = (_, response) => response.writeHead(502).end("<html>");
  await assert.rejects(answer(), { code: "http-502" });
});

test("nobody there: said so, with what to do", async () => {
  const gone = new GatewayEngine({ model: "echo", base: "http://127.0.0.1:1" });
  await assert.rejects(gone.answer(ASK, () => {}), { code: "gateway", fix: /sprat serve/ });
});

test("what is shown as the payload is what is sent, byte for byte, and the key goes in a header", async () => {
  let sent = "";
  let key: string | undefined;
  answering = (request, response, body) => {
    sent = body;
    key = request.headers.authorization;
    stream(golden("chat-usage"))(request, response, body);
  };
  const ask = { ...ASK, maxTokens: 9, temperature: 0.5, topP: 0.9, seed: 3, stop: ["x"], logprobs: true };
  await engine("secret").answer(ask, () => {});
  assert.equal(sent, engine().payload(ask));
  assert.equal(key, "Bearer secret");
  assert.doesNotMatch(sent, /secret/);
});

test("a stop ends the answer with what there is", async () => {
  answering = (_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(golden("chat-text").split("\n\n").slice(0, 2).join("\n\n") + "\n\n");
  };
  const stop = new AbortController();
  const reply = await engine().answer(ASK, () => stop.abort(), stop.signal);
  assert.equal(reply.finish, "cancelled");
  assert.equal(reply.text, "Hello");
});

test("the attempts of a policy at the gateway are steps here too", async () => {
  const steps = [
    { role: "gate", engine: "big", why: "long", kept: false, confidence: null, first_token_s: null, seconds: null, input_tokens: null, output_tokens: null },
    { role: "draft", engine: "small", why: "unsure", kept: false, confidence: 0.25, first_token_s: 0.1, seconds: 0.4, input_tokens: 5, output_tokens: 7 },
    { role: "answer", engine: "big", why: "the draft: unsure", kept: true, confidence: null, first_token_s: null, seconds: 1, input_tokens: 5, output_tokens: null },
  ];
  answering = stream(golden("chat-usage").replace('"steps":[]', `"steps":${JSON.stringify(steps)}`));
  const { reply } = await answer();
  assert.deepEqual(reply.steps.map((step) => [step.role, step.engine, step.confidence]), [["draft", "small", 0.25], ["answer", "big", null]]);
  const [draft, large] = reply.steps;
  assert.equal(Math.round((draft?.timing?.done ?? 0) - (draft?.timing?.sent ?? 0)), 400);
  assert.equal(large?.timing?.firstToken, null);
  assert.equal(large?.usage, null);
});
