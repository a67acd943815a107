"""Foundry Local's native runtime in its worker, over a small random model."""

import asyncio
import json
import os
import shutil
import signal
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from tests.engines.tiny import CONTEXT, build

from sprat.door import open_engine
from sprat.engines.base import ask
from sprat.engines.foundry.catalogue import register
from sprat.engines.foundry.engine import FoundryEngine
from sprat.engines.foundry.facts import read_facts
from sprat.engines.foundry.registry import registered
from sprat.errors import BadWeights, ContextTooLong, EngineDied, UnsupportedRequest
from sprat.models.names import OnnxFolder
from sprat.settings import Settings
from sprat.types import ChatRequest, Delta, Message, Prediction, ResponseFormat

TEXT = "the quick brown fox jumps over the lazy dog"


def request(text: str = TEXT, **fields) -> ChatRequest:
    return ChatRequest(messages=(Message("user", text),), **{"max_tokens": 20} | fields)


async def test_nothing_runs_before_the_first_use_and_then_one_process_does(foundry):
    assert foundry.pids == ()
    await ask(foundry, request())
    assert [psutil.pid_exists(pid) for pid in foundry.pids] == [True]


async def test_warming_loads_and_says_what_computes(foundry):
    load = await foundry.warm()
    assert load.load_s is not None
    assert load.load_s > 0
    assert load.warm_up_s is not None
    assert load.provider == "cpu"
    assert (await ask(foundry, request())).timing.loaded_ns is None


async def test_a_conversation_becomes_the_prompt_that_our_own_engine_makes_of_it(foundry, local):
    turns = (("system", "be brief"), ("user", "fox é 漢"), ("assistant", "ok"), ("user", "more"))
    asked = ChatRequest(messages=tuple(Message(*turn) for turn in turns), max_tokens=4)
    theirs, ours = await ask(foundry, asked), await ask(local, asked)
    assert theirs.usage.input_tokens == ours.usage.input_tokens
    assert theirs.usage.counted_by == "engine"


async def test_no_answer_knows_the_one_before(foundry):
    first = await ask(foundry, request())
    await ask(foundry, request("and then it rests in the sun"))
    again = await ask(foundry, request())
    assert (again.text, again.usage) == (first.text, first.usage)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"logprobs": 2}, "logprobs"),
        ({"logit_bias": {3: 1.0}}, "logit_bias"),
        ({"presence_penalty": 0.5}, "presence_penalty"),
        ({"frequency_penalty": 0.5}, "frequency_penalty"),
        ({"response_format": ResponseFormat("json_object")}, "response_format"),
        ({"tools": ({"type": "function", "function": {"name": "f"}},)}, "tools"),
        ({"prediction": Prediction(text=TEXT)}, "prediction"),
        ({"temperature": 2.5}, "temperature"),
        ({"seed": 2**31}, "seed"),
        ({"reasoning_effort": "high"}, "reasoning_effort"),
        ({"messages": (), "prompt": "once upon"}, "prompt"),
        ({"messages": (Message("user", ""),)}, "messages"),
        ({"messages": (Message("tool", "4", tool_call_id="a"),)}, "messages"),
    ],
)
async def test_what_it_cannot_honour_is_refused_by_name_before_anything_runs(
    foundry, fields: dict, param: str
):
    with pytest.raises(UnsupportedRequest) as refused:
        await ask(foundry, ChatRequest(**{"messages": (Message("user", TEXT),)} | fields))
    assert refused.value.param == param
    assert foundry.pids == ()


async def test_a_prompt_over_the_context_says_both_numbers(foundry):
    with pytest.raises(ContextTooLong, match=rf"9\d\d tokens; the model's context is {CONTEXT}"):
        await ask(foundry, request("fox " * 900))


async def test_without_a_bound_an_answer_may_fill_the_context(foundry):
    reply = await ask(foundry, request(max_tokens=None))
    assert reply.usage.output_tokens <= CONTEXT - reply.usage.input_tokens
    assert reply.finish in {"stop", "length"}


async def test_a_seed_changes_the_answer_and_repeats_it(foundry):
    seeds = (1, 1, 2, 3)
    texts = [(await ask(foundry, request(temperature=1.0, seed=seed))).text for seed in seeds]
    assert texts[0] == texts[1]
    assert len(set(texts)) > 1


async def test_a_stop_string_ends_the_answer_and_its_tokens_are_counted(foundry):
    whole = (await ask(foundry, request())).text
    stop = whole[len(whole) // 2 :][:2]
    reply = await ask(foundry, request(stop=(stop,)))
    assert reply.text == whole[: whole.index(stop)]
    assert reply.finish == "stop"
    assert reply.usage.counted_by == "tokenizer"
    assert 0 < reply.usage.output_tokens < 20


async def test_requests_that_come_together_take_turns_and_answer_as_if_alone(foundry):
    texts = [f"{TEXT} {n}" for n in range(4)]
    alone = [(await ask(foundry, request(text))).text for text in texts]
    together = await asyncio.gather(*(ask(foundry, request(text)) for text in texts))
    assert [reply.text for reply in together] == alone
    turns = sorted((reply.timing.started_ns, reply.timing.done_ns) for reply in together)
    assert all(begun >= done for (_, done), (begun, _) in pairwise(turns))
    assert len(foundry.pids) == 1


async def test_a_waiting_request_that_is_cancelled_is_never_computed(foundry):
    async with aclosing(foundry.stream(request(max_tokens=400))) as pieces:
        assert isinstance(await anext(pieces), Delta)
        waiting = asyncio.create_task(ask(foundry, request("another")))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert (await ask(foundry, request())).text


async def test_a_killed_worker_fails_its_request_and_the_next_one_starts_another(foundry):
    async with aclosing(foundry.stream(request(max_tokens=400))) as pieces:
        await anext(pieces)
        (first,) = foundry.pids
        os.kill(first, signal.SIGKILL)
        with pytest.raises(EngineDied, match=f"{first}.*ended"):
            async for _ in pieces:
                pass
    assert (await ask(foundry, request())).text
    assert foundry.pids != (first,)


async def test_closing_ends_the_worker_and_can_be_done_twice(foundry):
    await ask(foundry, request())
    (pid,) = foundry.pids
    await foundry.aclose()
    await foundry.aclose()
    assert not psutil.pid_exists(pid)


async def test_a_lost_list_of_the_sdk_is_made_again_from_ours(foundry_home: Settings):
    for file in (foundry_home.foundry_dir / "models").glob("foundry.local.modelinfo.*"):
        file.unlink()
    engine = open_engine("foundry:tiny", foundry_home)
    assert (await ask(engine, request())).text
    await engine.aclose()


async def test_damaged_weights_are_one_line(tmp_path: Path, settings: Settings):
    folder = build(tmp_path / "damaged")
    (folder / "model.onnx").write_bytes(b"no graph")
    register(OnnxFolder(folder, str(folder)), settings)
    engine = open_engine("foundry:damaged", settings)
    with pytest.raises(BadWeights, match=r"cannot load damaged-generic-cpu:1") as told:
        await ask(engine, request())
    await engine.aclose()
    assert ".cc:" not in str(told.value)
    assert "\n" not in str(told.value)


async def test_a_folder_that_is_gone_says_how_to_get_it_back(tmp_path: Path, settings: Settings):
    folder = build(tmp_path / "gone")
    register(OnnxFolder(folder, str(folder)), settings)
    shutil.rmtree(folder)
    with pytest.raises(BadWeights, match=r"its folder is gone.*sprat foundry register"):
        open_engine("foundry:gone", settings)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"model": {"vocab_size": 9}}, (9, "cpu")),
        (
            {"model": {"decoder": {"session_options": {"provider_options": [{"CUDA": {}}]}}}},
            (None, "cuda"),
        ),
        ("no model", (None, "cpu")),
    ],
)
def test_what_a_folder_says_of_itself_is_read_and_the_rest_left_open(
    tmp_path: Path, config, said: tuple
):
    (tmp_path / "genai_config.json").write_text(json.dumps(config), "utf-8")
    facts = read_facts(tmp_path)
    assert (facts.vocab, facts.provider) == said


async def test_everything_that_is_kept_lies_in_our_home(tmp_path: Path, tiny, monkeypatch):
    user = tmp_path / "user"
    user.mkdir()
    for name in ("HOME", "USERPROFILE", "LOCALAPPDATA", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(user))
    monkeypatch.delenv("CI", raising=False)
    settings = Settings(home=str(tmp_path / "sprat"))
    register(OnnxFolder(tiny, "tiny"), settings, "tiny")
    engine = open_engine("foundry:tiny", settings)
    assert isinstance(engine, FoundryEngine)
    await ask(engine, request())
    await engine.aclose()
    assert list(user.rglob("*")) == []
    assert list(registered(settings)) == ["tiny"]
    assert not list(settings.foundry_dir.rglob("*.db"))
    assert json.loads((settings.foundry_dir / "registered.json").read_text("utf-8"))


async def test_two_models_of_one_home_run_side_by_side(foundry, tiny: Path, foundry_home: Settings):
    register(OnnxFolder(tiny, "tiny"), foundry_home, "twin")
    twin = open_engine("foundry:twin", foundry_home)
    mine, other = await asyncio.gather(ask(foundry, request()), ask(twin, request()))
    assert mine.text == other.text
    assert foundry.pids != twin.pids
    await twin.aclose()
