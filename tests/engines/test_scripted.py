"""The scripted engine: what its file says, and nothing else."""

import asyncio
import math
from itertools import pairwise
from pathlib import Path

import pytest

from sprat.engines.base import ask
from sprat.engines.calls import joined
from sprat.engines.script import read_script
from sprat.engines.scripted import ScriptedEngine
from sprat.errors import (
    ContextTooLong,
    EngineDied,
    EngineError,
    EngineRefused,
    EngineTimeout,
    SettingsError,
    UnsupportedRequest,
)
from sprat.types import ChatRequest, Delta, Message, Prediction, Reply, ResponseFormat


def engine(tmp_path: Path, toml: str) -> ScriptedEngine:
    file = tmp_path / "answers.toml"
    file.write_text(toml, encoding="utf-8")
    return ScriptedEngine.open(file)


def asking(text: str, **fields) -> ChatRequest:
    return ChatRequest(messages=(Message("user", text),), **fields)


async def test_where_the_end_is_ignored_the_text_begins_anew(tmp_path: Path):
    here = engine(tmp_path, '[[rule]]\ntext = "one two three"\n')
    reply = await ask(here, asking("count", max_tokens=7, ignore_end=True))
    assert reply.text == "one two three one two three one"
    assert (reply.usage.output_tokens, reply.finish) == (7, "length")


RULES = """
[[rule]]
exact = "ping"
text = "pong"
[[rule]]
contains = "CAPITAL of France"
text = "It is Paris."
[[rule]]
regex = '\\d+ \\+ \\d+'
text = "A sum."
[[rule]]
text = "What?"
"""


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("ping", "pong"),
        (" ping\n", "pong"),
        ("ping pong", "What?"),
        ("the capital of france, please", "It is Paris."),
        ("what is 2 + 2", "A sum."),
    ],
)
async def test_the_first_rule_that_fits_answers(tmp_path: Path, asked: str, answered: str):
    assert (await ask(engine(tmp_path, RULES), asking(asked))).text == answered


async def test_only_the_last_user_message_is_looked_at(tmp_path: Path):
    messages = (Message("user", "ping"), Message("assistant", "pong"), Message("user", "2 + 2"))
    assert (await ask(engine(tmp_path, RULES), ChatRequest(messages=messages))).text == "A sum."


async def test_no_rule_that_fits_is_refused_with_the_fix(tmp_path: Path):
    with pytest.raises(EngineRefused, match="rule without a condition"):
        await ask(engine(tmp_path, '[[rule]]\nexact="a"\ntext="b"'), asking("c"))


async def test_the_text_is_streamed_word_by_word_and_nothing_is_lost(tmp_path: Path):
    made = engine(tmp_path, '[[rule]]\ntext = "  one two\\n three "')
    got = [piece async for piece in made.stream(asking("x"))]
    texts = [piece.text for piece in got]
    assert texts == ["  one", " two", "\n three ", "  one two\n three "]
    assert isinstance(got[-1], Reply)
    assert got[-1].usage.output_tokens == 3


async def test_max_tokens_cuts_and_says_so(tmp_path: Path):
    made = engine(tmp_path, '[[rule]]\ntext = "one two three"')
    reply = await ask(made, asking("x", max_tokens=2))
    assert (reply.text, reply.finish, reply.usage.output_tokens) == ("one two", "length", 2)


async def test_a_stop_string_ends_before_itself_even_across_pieces(tmp_path: Path):
    made = engine(tmp_path, '[[rule]]\nchunks = ["ab", "cST", "OPd"]')
    reply = await ask(made, asking("x", stop=("STOP",)))
    assert (reply.text, reply.finish) == ("abc", "stop")


async def test_logprobs_are_given_only_when_asked_for(tmp_path: Path):
    made = engine(tmp_path, '[[rule]]\nchunks = ["a", "b"]\nlogprobs = [-0.1, -0.2]')
    assert (await ask(made, asking("x"))).logprobs is None
    with_them = (await ask(made, asking("x", logprobs=1))).logprobs
    assert with_them is not None
    assert [entry.logprob for entry in with_them] == [-0.1, -0.2]
    assert all(math.isclose(entry.top[0][1], entry.logprob) for entry in with_them)


async def test_reasoning_comes_first_and_apart(tmp_path: Path):
    made = engine(tmp_path, '[[rule]]\nreasoning = "hm"\ntext = "yes"\nfirst_ms = 1\ngap_ms = 1')
    reply = await ask(made, asking("x"))
    assert (reply.reasoning, reply.text) == ("hm", "yes")
    assert reply.timing.first_token_ns is not None
    assert reply.timing.first_answer_ns is not None
    assert reply.timing.first_token_ns < reply.timing.first_answer_ns


async def test_delays_are_at_least_what_the_file_says(tmp_path: Path):
    made = engine(tmp_path, '[[rule]]\nchunks=["a","b"]\nfirst_ms=30\ngap_ms=20\nend_ms=10')
    timing = (await ask(made, asking("x"))).timing
    assert timing.ttft_s is not None
    assert timing.ttft_s >= 0.029
    assert timing.decode_s is not None
    assert timing.decode_s >= 0.019
    assert timing.answer_s >= 0.058


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("refused", EngineRefused),
        ("died", EngineDied),
        ("timeout", EngineTimeout),
        ("too-long", ContextTooLong),
    ],
)
async def test_a_rule_can_fail_before_the_first_piece(
    tmp_path: Path, kind: str, error: type[EngineError]
):
    rule = f'[[rule]]\ntext="a"\nerror = {{kind = "{kind}", message = "oh no", status = 503}}'
    made = engine(tmp_path, rule)
    with pytest.raises(error, match="oh no"):
        await anext(made.stream(asking("x")))


async def test_a_rule_can_fail_halfway(tmp_path: Path):
    rule = '[[rule]]\ntext="a b c"\nerror = {kind = "died", after_chunks = 2}'
    pieces = engine(tmp_path, rule).stream(asking("x"))
    assert [(await anext(pieces)).text, (await anext(pieces)).text] == ["a", " b"]
    with pytest.raises(EngineDied):
        await anext(pieces)


async def test_a_file_with_one_place_answers_one_after_the_other(tmp_path: Path):
    made = engine(tmp_path, 'places = 1\n[[rule]]\ntext = "a"\nfirst_ms = 40')
    first, second = await asyncio.gather(ask(made, asking("x")), ask(made, asking("y")))
    assert first.timing.started_ns is not None
    assert second.timing.started_ns is not None
    assert second.timing.started_ns >= first.timing.done_ns


async def test_an_abandoned_answer_frees_its_place(tmp_path: Path):
    made = engine(tmp_path, 'places = 1\n[[rule]]\nchunks = ["a", "b"]\ngap_ms = 60000')
    abandoned = made.stream(asking("x"))
    assert isinstance(await anext(abandoned), Delta)
    await abandoned.aclose()
    following = made.stream(asking("y"))
    async with asyncio.timeout(5):
        assert isinstance(await anext(following), Delta)
    await following.aclose()


def test_json_is_the_same_as_toml(tmp_path: Path):
    file = tmp_path / "answers.json"
    file.write_text('{"rule": [{"text": "hello", "gap_ms": 5}]}', encoding="utf-8")
    assert read_script(file).rule[0].gap_ms == 5


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rule = 3", "rule"),
        ('[[rule]]\ntxet = "a"', "txet"),
        ("[[rule", "no script"),
        ("[[rule]]\nregex = '('", "no script"),
    ],
)
def test_a_wrong_file_is_one_clear_line(tmp_path: Path, text: str, says: str):
    file = tmp_path / "answers.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=says) as caught:
        read_script(file)
    assert "docs/scripted.md" in str(caught.value)


def test_a_missing_file_is_said(tmp_path: Path):
    with pytest.raises(SettingsError, match="cannot be read"):
        read_script(tmp_path / "none.toml")


async def test_the_example_of_the_page_answers_as_the_page_says(tmp_path: Path):
    page = Path(__file__).parents[2] / "docs" / "scripted.md"
    example = page.read_text("utf-8").split("```toml\n")[1].split("```")[0]
    made = engine(tmp_path, example)
    reply = await ask(made, asking("What is the capital of France?"))
    assert reply.text == "It is Paris."
    assert reply.usage.output_tokens == 4
    assert (await ask(made, asking("And of Spain?"))).text == "I do not know."


CALLS = """
[[rule]]
text = "I will look."
finish = "tool_calls"
tool_calls = [
    {id = "call_1", function = {name = "look", arguments = '{"at": 1}'}},
    {id = "call_2", function = {name = "ring"}},
]
"""


async def test_tool_calls_come_in_pieces_and_are_the_replys(tmp_path: Path):
    got = [piece async for piece in engine(tmp_path, CALLS).stream(asking("x"))]
    reply = got.pop()
    assert isinstance(reply, Reply)
    assert joined(part for piece in got for part in piece.tool_calls) == reply.tool_calls
    assert [call["function"]["name"] for call in reply.tool_calls] == ["look", "ring"]
    assert reply.finish == "tool_calls"
    assert got[-1].tool_calls[0]["id"] == "call_2"
    assert len(reply.timing.chunks_ns) == 5


@pytest.mark.parametrize(
    ("fields", "names", "finish"),
    [
        ({"tool_choice": "none"}, [], "stop"),
        ({"tool_choice": "function:ring"}, ["ring"], "tool_calls"),
        ({"parallel_tool_calls": False}, ["look"], "tool_calls"),
        ({"max_tokens": 2}, [], "length"),
        ({"max_tokens": None}, ["look", "ring"], "tool_calls"),
        ({"stop": ("look",)}, [], "stop"),
    ],
)
async def test_what_a_request_says_of_tools_is_kept(
    tmp_path: Path, fields: dict, names: list[str], finish: str
):
    reply = await ask(engine(tmp_path, CALLS), asking("x", **fields))
    assert [call["function"]["name"] for call in reply.tool_calls] == names
    assert reply.finish == finish


@pytest.mark.parametrize("choice", ["required", "function:look"])
async def test_a_call_that_the_script_does_not_have_cannot_be_required(tmp_path: Path, choice: str):
    with pytest.raises(UnsupportedRequest, match=choice):
        await ask(engine(tmp_path, RULES), asking("ping", tool_choice=choice))


async def test_a_raw_prompt_is_matched_like_a_message(tmp_path: Path):
    reply = await ask(engine(tmp_path, RULES), ChatRequest(messages=(), prompt="ping"))
    assert reply.text == "pong"
    assert reply.usage.input_tokens == 1


READS = """
[[rule]]
text = "The sea is wide and blue."
read = [-0.1, -0.2, -3.0, -0.1]
logprobs = [-0.5, -0.5, -0.5, -0.5, -0.5, -0.5]
gap_ms = 5
"""


async def test_predicted_words_are_accepted_and_come_without_pauses(tmp_path: Path):
    made = engine(tmp_path, READS)
    reply = await ask(made, asking("x", prediction=Prediction(text="The sea is green")))
    assert reply.text == "The sea is wide and blue."
    usage = reply.usage
    assert (usage.accepted_prediction_tokens, usage.rejected_prediction_tokens) == (3, 1)
    gaps = [b - a for a, b in pairwise(reply.timing.chunks_ns)]
    assert max(gaps[:2]) < 5e6 <= min(gaps[2:])


async def test_a_cut_answer_accepts_no_more_than_it_has(tmp_path: Path):
    draft = Prediction(text="The sea is wide")
    reply = await ask(engine(tmp_path, READS), asking("x", prediction=draft, max_tokens=2))
    usage = reply.usage
    assert (usage.accepted_prediction_tokens, usage.rejected_prediction_tokens) == (2, 2)


async def test_a_prediction_is_read_as_the_rule_says(tmp_path: Path):
    draft = Prediction(text="The sea is green", read_only=True)
    reply = await ask(engine(tmp_path, READS), asking("x y", prediction=draft, logprobs=2))
    assert reply.read is not None
    assert [(e.token, e.logprob) for e in reply.read] == [
        ("The", -0.1), (" sea", -0.2), (" is", -3.0), (" green", -0.1),
    ]  # fmt: skip
    assert reply.read[0].top == (("The", -0.1),)
    assert (reply.text, reply.usage.input_tokens, reply.usage.output_tokens) == ("", 6, 0)


@pytest.mark.parametrize(
    ("tolerance", "text", "accepted"),
    [
        (2.0, "The lake is wide and blue.", 2),
        (0.15, "The sea is wide and blue.", 1),
        (9.0, "The lake was green and blue.", 4),
    ],
)
async def test_a_tolerance_keeps_the_draft_up_to_the_first_word_that_is_too_unlikely(
    tmp_path: Path, tolerance: float, text: str, accepted: int
):
    draft = Prediction(text="The lake was green", tolerance=tolerance)
    reply = await ask(engine(tmp_path, READS), asking("x", prediction=draft, logprobs=0))
    assert reply.text == text
    usage = reply.usage
    assert usage.accepted_prediction_tokens == accepted
    assert usage.accepted_prediction_tokens + usage.rejected_prediction_tokens == 4
    assert reply.logprobs is not None
    assert [e.logprob for e in reply.logprobs[:accepted]] == [-0.1, -0.2, -3.0, -0.1][:accepted]


@pytest.mark.parametrize(
    ("prediction", "fields", "says"),
    [
        (
            Prediction(text="a b c d e", read_only=True),
            {},
            "5 words, and the script's rule says of 4",
        ),
        (Prediction(text=""), {}, "prediction is empty"),
        (Prediction(text="a"), {"temperature": 0.7}, "temperature of 0.7"),
        (
            Prediction(text="a", tolerance=1.0),
            {"response_format": ResponseFormat("json_object")},
            "response_format",
        ),
    ],
)
async def test_a_prediction_that_a_rule_cannot_serve_is_refused(
    tmp_path: Path, prediction: Prediction, fields: dict, says: str
):
    with pytest.raises(UnsupportedRequest, match=says) as caught:
        await ask(engine(tmp_path, READS), asking("x", prediction=prediction, **fields))
    assert caught.value.param == "prediction"
