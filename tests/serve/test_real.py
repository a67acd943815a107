"""The API in front of a real model: one model, one answer, whichever way it is asked."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.serve.running import At, gateway, serving
from tests.serve.sse import events, joined

from sprat.policies.file import write_policy
from sprat.policies.logistic import Logistic
from sprat.policies.spec import Decision, Policy, Side
from sprat.settings import Settings

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]
MODEL = "smollm2-135m"
QUESTION = "What is the capital of France?"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at(
    tmp_path_factory: pytest.TempPathFactory, real_settings: Settings
) -> AsyncIterator[At]:
    folder = tmp_path_factory.mktemp("serve")
    async with gateway(serving(folder, base=real_settings)) as here:
        yield here


async def post(at: At, path: str, **fields: Any) -> Any:
    async with await at.post(path, {"model": MODEL, **fields}) as response:
        if fields.get("stream"):
            return events(await response.text())
        return await response.json()


async def test_chat_and_responses_and_their_streams_say_the_same(at: At):
    chat = await at.chat(QUESTION, MODEL, max_tokens=12)
    said = chat["choices"][0]["message"]["content"]
    assert len(said) > 12
    streamed = events(await at.chat(QUESTION, MODEL, max_tokens=12, stream=True))
    assert joined(streamed, 0, "content") == said
    response = await post(at, "/v1/responses", input=QUESTION, max_output_tokens=12)
    assert response["output"][0]["content"][0]["text"] == said
    last = (await post(at, "/v1/responses", input=QUESTION, max_output_tokens=12, stream=True))[-1]
    assert last["response"]["output"][0]["content"][0]["text"] == said
    assert last["response"]["usage"]["output_tokens"] == chat["usage"]["completion_tokens"]


async def test_a_bare_prompt_goes_on_and_its_offsets_fit(at: At):
    answer = await post(at, "/v1/completions", prompt="One, two, three,", max_tokens=6, logprobs=2)
    (choice,) = answer["choices"]
    assert " four" in choice["text"]
    told = choice["logprobs"]
    assert "".join(told["tokens"]) == choice["text"]
    assert told["text_offset"][2] == len(told["tokens"][0] + told["tokens"][1])
    assert all(
        max(top.values()) == pytest.approx(logprob, abs=1e-6)  # greedy takes the likeliest
        for top, logprob in zip(told["top_logprobs"], told["token_logprobs"], strict=True)
    )


async def test_a_schema_is_enforced_in_both_apis(at: At):
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    named = {"name": "count", "schema": schema}
    ask = "How many legs has a dog? Say it in JSON."
    wanted = {"type": "json_schema", "json_schema": named}
    chat = await at.chat(ask, MODEL, max_tokens=40, response_format=wanted)
    assert set(json.loads(chat["choices"][0]["message"]["content"])) == {"n"}
    text = {"format": {"type": "json_schema", **named}}
    response = await post(at, "/v1/responses", input=ask, max_output_tokens=40, text=text)
    assert set(json.loads(response["output"][0]["content"][0]["text"])) == {"n"}


async def test_a_limit_beyond_the_context_ends_by_itself(at: At):
    answer = await at.chat("Say only: yes", MODEL, max_tokens=900_000, stop=["."])
    assert "error" not in answer, answer
    assert answer["choices"][0]["finish_reason"] in {"stop", "length"}


async def test_what_the_model_cannot_do_is_named(at: At):
    answer = await post(at, "/v1/responses", input="x", reasoning={"effort": "high"})
    assert answer["error"]["param"] == "reasoning.effort"
    answer = await at.chat("x", MODEL, logit_bias={"99999999": 1})
    assert answer["error"]["type"] == "invalid_request_error"
    assert "logit_bias" in answer["error"]["message"]


async def test_a_prompt_beyond_the_context_is_named_in_each_apis_words(at: At):
    long = "word " * 9000
    chat = await at.chat(long, MODEL)
    text = await post(at, "/v1/completions", prompt=long)
    response = await post(at, "/v1/responses", input=long)
    told = [
        (answer["error"]["code"], answer["error"]["param"]) for answer in (chat, text, response)
    ]
    code = "context_length_exceeded"
    assert told == [(code, "messages"), (code, "prompt"), (code, "input")]


async def test_a_policy_over_a_real_model_and_a_script_decides_by_its_log_probabilities(
    tmp_path: Path, real_settings: Settings
):
    policies = tmp_path / "home"
    large = tmp_path / "large.toml"
    large.write_text('[[rule]]\ntext = "The large one."\n', "utf-8")
    sure = Logistic(features=("mean",), centres=(-1.0,), scales=(0.1,), weights=(1.0,), bias=0.0)
    sides = {"small": Side(model=MODEL), "large": Side(model=f"scripted:{large}")}
    models: dict[str, str] = {}
    for name, threshold in (("lenient", 0.0), ("strict", 1.0)):
        decision = Decision(logistic=sure, threshold=threshold)
        write_policy(
            Policy(name=name, kind="cascade", decision=decision, **sides), policies / f"{name}.json"
        )
        models[name] = f"policy:{policies / f'{name}.json'}"
    async with gateway(serving(tmp_path, models=models, base=real_settings)) as at:
        alone = await at.chat(QUESTION, MODEL, max_tokens=12)
        lenient = await at.chat(QUESTION, "lenient", max_tokens=12)
        strict = events(await at.chat(QUESTION, "strict", max_tokens=12, stream=True))
    said = [answer["choices"][0]["message"]["content"] for answer in (alone, lenient)]
    assert said[0] == said[1]
    assert lenient["choices"][0]["logprobs"] is None  # asked for by the policy, not by the client
    assert lenient["sprat"]["path"] == "accepted"
    assert 0 < lenient["sprat"]["steps"][0]["confidence"] < 1
    assert joined(strict, 0, "content") == "The large one."
    last = strict[-1]["sprat"]
    assert [step["engine"] for step in last["steps"]] == [MODEL, "strict.large"]
    assert last["steps"][0]["confidence"] == lenient["sprat"]["steps"][0]["confidence"]
