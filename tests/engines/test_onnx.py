"""The local engine with its worker, over a small random model."""

import asyncio
import json
import re
import shutil
from contextlib import aclosing
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper
from tests.engines.tiny import CONTEXT

from sprat.engines.base import ask
from sprat.engines.onnx import OnnxEngine
from sprat.errors import BadWeights, ContextTooLong, EngineError, UnsupportedRequest
from sprat.types import ChatRequest, Delta, Message, ResponseFormat

TEXT = "the quick brown fox jumps over the lazy dog"
SCHEMA = {
    "type": "object",
    "properties": {"sure": {"type": "boolean"}, "n": {"type": "integer", "maximum": 999}},
    "required": ["sure", "n"],
    "additionalProperties": False,
}


def request(text: str = TEXT, **fields) -> ChatRequest:
    return ChatRequest(messages=(Message("user", text),), **{"max_tokens": 30} | fields)


async def test_nothing_runs_before_the_first_use(local: OnnxEngine):
    assert local.pids == ()
    await ask(local, request())
    assert len(local.pids) == 1


async def test_warming_loads_and_says_how_long_it_took(local: OnnxEngine):
    load = await local.warm()
    assert load.load_s is not None
    assert load.load_s > 0
    assert load.warm_up_s is not None
    assert load.provider == "cpu"


async def test_only_the_request_that_waited_for_the_model_says_so(local: OnnxEngine):
    assert (await ask(local, request())).timing.loaded_ns is not None
    assert (await ask(local, request())).timing.loaded_ns is None


async def test_a_regular_expression_is_kept(local: OnnxEngine):
    shape = ResponseFormat("regex", pattern=r"(yes|no), [0-9]{3}")
    for sampled in ({}, {"temperature": 1.0, "seed": 3}):
        reply = await ask(local, request(response_format=shape, **sampled))
        assert re.fullmatch(r"(yes|no), [0-9]{3}", reply.text)
        assert reply.finish == "stop"


async def test_a_schema_is_kept_by_a_model_that_knows_no_json(local: OnnxEngine):
    shape = ResponseFormat("json_schema", schema=SCHEMA)
    for _ in range(2):
        found = json.loads((await ask(local, request(response_format=shape))).text)
        assert isinstance(found["sure"], bool)
        assert found["n"] <= 999


async def test_any_json_object_begins_like_one(local: OnnxEngine):
    shape = ResponseFormat("json_object")
    assert (await ask(local, request(response_format=shape))).text.startswith("{")


async def test_a_guided_answer_among_others_keeps_its_shape(local: OnnxEngine):
    shape = ResponseFormat("regex", pattern="[a-c]{9}")
    lone = await ask(local, request(max_tokens=60))
    first, guided, second = await asyncio.gather(
        ask(local, request(max_tokens=60)),
        ask(local, request(response_format=shape)),
        ask(local, request(max_tokens=60)),
    )
    assert re.fullmatch("[a-c]{9}", guided.text)
    assert first.text == second.text == lone.text


@pytest.mark.parametrize(
    "shape",
    [
        ResponseFormat("regex", pattern="((("),
        ResponseFormat("json_schema", schema={"type": "no such type"}),
    ],
)
async def test_a_shape_that_makes_no_sense_is_refused(local: OnnxEngine, shape: ResponseFormat):
    with pytest.raises(UnsupportedRequest, match="response format"):
        await ask(local, request(response_format=shape))
    assert (await ask(local, request())).usage.output_tokens > 0


@pytest.mark.parametrize(
    "fields",
    [
        {"max_tokens": 0},
        {"temperature": -1.0},
        {"temperature": float("nan")},
        {"top_p": 1.5},
        {"logprobs": -1},
        {"seed": -5},
        {"tools": ({"type": "function"},)},
    ],
)
async def test_what_cannot_be_honoured_is_refused(local: OnnxEngine, fields: dict):
    with pytest.raises(UnsupportedRequest):
        await ask(local, request(**fields))


async def test_a_prompt_over_the_context_says_both_numbers(local: OnnxEngine):
    with pytest.raises(ContextTooLong, match=rf"{CONTEXT}\."):
        await ask(local, request("0 " * 600))


async def test_a_seed_changes_the_answer_and_repeats_it(local: OnnxEngine):
    warm = {"temperature": 1.0, "top_p": 0.9}
    texts = [(await ask(local, request(seed=seed, **warm))).text for seed in (1, 2, 1)]
    assert texts[0] == texts[2] != texts[1]


async def test_tokens_of_the_pieces_add_up(local: OnnxEngine):
    pieces = [piece async for piece in local.stream(request(max_tokens=60))]
    counted = sum(piece.tokens or 0 for piece in pieces if isinstance(piece, Delta))
    assert counted == pieces[-1].usage.output_tokens


async def test_reusing_a_prefix_is_said_and_changes_nothing(tiny: Path):
    plain, reusing = OnnxEngine("a", tiny), OnnxEngine("b", tiny, reuse_prefix=True)
    try:
        expected = await ask(plain, request())
        first, second = [await ask(reusing, request()) for _ in range(2)]
        assert first.text == second.text == expected.text
        assert expected.usage.cached_tokens == first.usage.cached_tokens == 0
        assert second.usage.cached_tokens == second.usage.input_tokens - 2
    finally:
        await plain.aclose()
        await reusing.aclose()


async def test_leaving_early_frees_the_place(local: OnnxEngine):
    for _ in range(20):
        async with aclosing(local.stream(request(max_tokens=400))) as pieces:
            await anext(pieces)
    async with asyncio.timeout(30):
        assert (await ask(local, request())).text


async def test_more_requests_than_rows_all_get_their_answer(local: OnnxEngine):
    lone = await ask(local, request())
    replies = await asyncio.gather(*[ask(local, request()) for _ in range(20)])
    assert {reply.text for reply in replies} == {lone.text}


@pytest.fixture
def damaged(tiny: Path, tmp_path: Path) -> Path:
    """A copy of the model whose graph is no graph."""
    shutil.copytree(tiny, tmp_path / "damaged")
    (tmp_path / "damaged" / "model.onnx").write_bytes(b"not a graph")
    return tmp_path / "damaged"


async def test_a_folder_that_is_no_model_is_one_line(tmp_path: Path):
    engine = OnnxEngine("x", tmp_path)
    with pytest.raises(BadWeights, match=r"genai_config\.json") as caught:
        await engine.warm()
    assert "\n" not in str(caught.value)
    assert engine.pids == ()
    await engine.aclose()


async def test_a_graph_that_is_no_decoder_is_said_to_be_none(damaged: Path):
    here, there = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [1]) for n in "xy")
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [here], [there])
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), damaged / "model.onnx")
    engine = OnnxEngine("x", damaged)
    with pytest.raises(BadWeights, match=r"is no decoder .* it has no input_ids, past_key"):
        await engine.warm()
    await engine.aclose()


async def test_damaged_weights_are_one_line(damaged: Path):
    engine = OnnxEngine("x", damaged)
    with pytest.raises(BadWeights, match=r"model\.onnx cannot be loaded") as caught:
        await engine.warm()
    assert "\n" not in str(caught.value)


async def test_an_unknown_provider_names_those_there_are(tiny: Path):
    engine = OnnxEngine("x", tiny, provider="abacus")
    with pytest.raises(UnsupportedRequest, match=r"abacus.*cpu"):
        await engine.warm()


async def test_requests_that_waited_for_another_one_s_load_say_so_too(local: OnnxEngine):
    first, second = await asyncio.gather(ask(local, request()), ask(local, request()))
    assert first.timing.load_s == pytest.approx(second.timing.load_s, abs=0.5)


@pytest.fixture
def linked(tiny: Path, tmp_path: Path) -> Path:
    """The folder as a hub's cache lays it out: links to files with other names elsewhere."""
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "abc"
    blobs.mkdir()
    snapshot.mkdir(parents=True)
    for number, file in enumerate(sorted(tiny.iterdir())):
        shutil.copy(file, blobs / f"{number:064x}")
        try:
            (snapshot / file.name).symlink_to(Path("../../blobs") / f"{number:064x}")
        except OSError:
            pytest.skip("this system lets this user make no links")
    return snapshot


async def test_a_folder_of_links_is_loaded_and_answers_alike(tiny: Path, linked: Path):
    texts: list[str] = []
    for folder in (tiny, linked):
        engine = OnnxEngine("tiny", folder, threads=1)
        try:
            texts.append((await ask(engine, request())).text)
        finally:
            await engine.aclose()
    assert texts[0] == texts[1]


async def test_an_event_loop_without_processes_is_told_apart(local: OnnxEngine, monkeypatch):
    async def refuse(*_args, **_options):  # what asyncio's selector loop on Windows does
        raise NotImplementedError

    monkeypatch.setattr(asyncio, "create_subprocess_exec", refuse)
    with pytest.raises(EngineError, match="ProactorEventLoop"):
        await ask(local, request())
