"""Tool calls of a local model: how they are read, enforced, and told again."""

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from tests.engines.tiny import TEMPLATE

from sprat.engines.base import ask
from sprat.engines.calls import joined, new_call, parts
from sprat.engines.onnx import OnnxEngine
from sprat.engines.onnx.tools import CallFilter
from sprat.errors import UnsupportedRequest
from sprat.models.template import ChatTemplate
from sprat.types import ChatRequest, Delta, Message, ResponseFormat

BRIEF = (
    "{% for tool in tools or [] %}{{ tool.function.name }}\n{% endfor %}"
    '{# as <tool_call>{"name": …, "arguments": …}</tool_call> #}' + TEMPLATE
)
"""Room is scarce in the random model's context."""
QWEN = (Path(__file__).parent / "qwen.jinja").read_text("utf-8")
LAMP = {
    "type": "function",
    "function": {
        "name": "lamp",
        "description": "Switch a lamp",
        "parameters": {
            "type": "object",
            "properties": {"state": {"$ref": "#/$defs/State"}, "dim": {"type": "boolean"}},
            "required": ["state", "dim"],
            "additionalProperties": False,
            "$defs": {"State": {"enum": ["on", "off"]}},
        },
    },
}
BELL = {"type": "function", "function": {"name": "bell"}}
CALL = '<tool_call>\n{"name": "lamp", "arguments": {"state": "on"}}\n</tool_call>'
BELLS = '<tool_call>{"name": "bell"}</tool_call>'


def read(*pieces: str, begun: bool = False, single: bool = False) -> tuple[str, list[dict]]:
    """The text and the calls of an answer that comes in these pieces."""
    calls = CallFilter(("lamp", "bell"), begun=begun, single=single)
    text, said = "", []
    for piece in pieces:
        text += calls.add(piece)
        said += calls.taken()
    text += calls.flush()
    return text, [call["function"] for call in joined([*said, *calls.taken()])]


ON = {"name": "lamp", "arguments": '{"state": "on"}'}
RING = {"name": "bell", "arguments": "{}"}


@pytest.mark.parametrize(
    ("said", "text", "calls"),
    [
        ("Hello there.\n", "Hello there.\n", []),
        (CALL, "", [ON]),
        (f"I will.\n{CALL}\n", "I will.", [ON]),
        (f"{CALL}\n{BELLS}", "", [ON, RING]),
        (f"{CALL}\nDone, I think.", "\nDone, I think.", [ON]),
        ("a <tool_call", "a <tool_call", []),
        ("1 < 2 <tool> <too", "1 < 2 <tool> <too", []),
        ('<tool_call>{"name": "bell", "arguments": "{}"}</tool_call>', "", [RING]),
        ('{"name": "bell", "arguments": {}}', "", [RING]),
        ('\n```json\n{"name": "bell", "arguments": {}}\n```\n', "", [RING]),
        ('{"a": 1}\n' + CALL, '{"a": 1}', [ON]),
    ],
)
def test_calls_are_parted_from_text_wherever_the_answer_is_cut(said: str, text: str, calls: list):
    assert read(said) == (text, calls)
    assert read(*said) == (text, calls)


@given(st.lists(st.sampled_from([CALL, BELLS, "<tool", "x < y", "\n", " ", "é"]), max_size=6))
def test_any_cutting_gives_the_same(said: list[str]):
    whole = "".join(said)
    assert read(*whole) == read(whole) == read(*said)


@pytest.mark.parametrize(
    "broken",
    [
        "<tool_call>{not json}</tool_call>",
        '<tool_call>{"name": "rocket", "arguments": {}}</tool_call>',
        '<tool_call>{"name": "lamp", "arguments": [1]}</tool_call>',
        '<tool_call>{"name": "lamp", "arguments": {"n": NaN}}</tool_call>',
        '<tool_call>\n{"name": "lamp", "argum',
        '{"name": "bell", "arguments": {}} as I said',
        '{"name": "rocket", "arguments": {}}',
        '{"name": "bell"}',
        '```json\n{"name": "bell", "arguments": {}',
        f'<tool_call>{{"name": "lamp", "arguments": {"[" * 5000}</tool_call>',
    ],
)
def test_what_is_no_call_is_text_and_never_lost(broken: str):
    assert read(f"Look:\n{broken}") == (f"Look:\n{broken}", [])
    assert read(*broken) == (broken, [])
    if broken.endswith(">"):
        assert read(f"{broken}{CALL}") == (broken, [ON])


def test_a_closing_tag_inside_a_string_closes_nothing():
    arguments = '{"state": "say \\"</tool_call>\\" twice"}'
    said = f'<tool_call>{{"name": "lamp", "arguments": {arguments}}}</tool_call>'
    assert read(*said) == ("", [{"name": "lamp", "arguments": arguments}])


def test_the_first_call_ends_the_answer_when_there_may_be_one_only():
    assert read(*f"{CALL}{BELLS} and more", single=True) == ("", [ON])


def test_an_answer_that_is_a_call_has_no_tags():
    assert read('{"name": "bell", "arguments": {}}', begun=True) == ("", [RING])
    assert read('{"name": "be', begun=True) == ('<tool_call>\n{"name": "be', [])


def test_parts_joined_are_the_call():
    calls = [new_call("lamp", "{}"), new_call("bell", '{"a": 1}')]
    said = [part for at, call in enumerate(calls) for part in parts(call, at)]
    assert joined(said) == tuple(calls)
    assert calls[0]["id"] != calls[1]["id"]
    assert said[0]["function"] == {"name": "lamp", "arguments": ""}


HISTORY = (
    Message("user", "Light, please."),
    Message("assistant", tool_calls=(new_call("lamp", '{"state": "on", "wörd": [1, 2.5]}'),)),
    Message("tool", '{"ok": true}', tool_call_id="call_1"),
)
TOLD = """<|im_start|>user
Light, please.<|im_end|>
<|im_start|>assistant
<tool_call>
{"name": "lamp", "arguments": {"state": "on", "wörd": [1, 2.5]}}
</tool_call><|im_end|>
<|im_start|>user
<tool_response>
{"ok": true}
</tool_response><|im_end|>
<|im_start|>assistant
"""


def test_earlier_calls_are_told_as_the_model_wrote_them():
    assert ChatTemplate(QWEN).render(HISTORY).endswith(TOLD)


def test_arguments_that_are_an_object_or_no_json_are_told_too():
    for arguments, told in (({"a": 1}, '{"a": 1}'), ("", "{}"), ("no json", '"no json"')):
        call = {"type": "function", "function": {"name": "bell", "arguments": arguments}}
        text = ChatTemplate(QWEN).render((Message("assistant", tool_calls=(call,)),))
        assert f'{{"name": "bell", "arguments": {told}}}' in text


def test_the_form_of_calls_is_read_from_the_template():
    assert ChatTemplate(QWEN).tags_calls
    assert not ChatTemplate("{{ tools }}").tags_calls
    xml = "{{ tools }}<tool_call>\n<function=name> arguments"
    assert not ChatTemplate(xml).tags_calls


def folder_with(template: str, tiny: Path, folder: Path) -> Path:
    shutil.copytree(tiny, folder)
    (folder / "chat_template.jinja").write_text(template, "utf-8")
    return folder


@pytest_asyncio.fixture
async def caller(tiny: Path, tmp_path: Path) -> AsyncIterator[OnnxEngine]:
    """The random model, with a template that has a place for tools."""
    engine = OnnxEngine("caller", folder_with(BRIEF, tiny, tmp_path / "caller"), threads=1)
    yield engine
    await engine.aclose()


def request(**fields) -> ChatRequest:
    given = {"max_tokens": 120, "tools": (LAMP, BELL)} | fields
    return ChatRequest(messages=(Message("user", "Light!"),), **given)


@pytest.mark.parametrize("sampled", [{}, {"temperature": 1.0, "seed": 3}])
async def test_a_call_that_is_required_is_made_by_a_model_that_knows_no_json(
    caller: OnnxEngine, sampled: dict
):
    asked = request(tool_choice="function:lamp", tools=(LAMP,), **sampled)
    got = [piece async for piece in caller.stream(asked)]
    reply = got.pop()
    (call,) = reply.tool_calls
    found = json.loads(call["function"]["arguments"])
    assert found["state"] in {"on", "off"}
    assert isinstance(found["dim"], bool)
    assert set(found) == {"state", "dim"}
    assert (reply.text, reply.finish) == ("", "tool_calls")
    assert joined(part for delta in got for part in delta.tool_calls) == reply.tool_calls
    assert reply.timing.first_answer_ns is not None


async def test_any_of_the_tools_can_be_the_one_required(caller: OnnxEngine):
    names = set()
    for seed in range(12):
        reply = await ask(caller, request(tool_choice="required", temperature=30.0, seed=seed))
        names.add(reply.tool_calls[0]["function"]["name"])
    assert names == {"lamp", "bell"}


async def test_a_call_cut_short_is_text(caller: OnnxEngine):
    reply = await ask(caller, request(tool_choice="required", max_tokens=5))
    assert reply.finish == "length"
    assert reply.text.startswith("<tool_call>\n{")
    assert reply.tool_calls == ()


async def test_a_model_that_may_call_nothing_is_told_of_nothing(caller: OnnxEngine):
    without = await ask(caller, request(tools=(), max_tokens=9))
    told = await ask(caller, request(max_tokens=9, tools=(BELL,)))
    refused = await ask(caller, request(tool_choice="none", max_tokens=9))
    assert refused.text == without.text
    assert refused.usage.input_tokens == without.usage.input_tokens < told.usage.input_tokens


async def test_text_with_tools_on_offer_is_the_models_own(caller: OnnxEngine):
    reply = await ask(caller, request(tools=(BELL,), max_tokens=40))
    pieces = [p async for p in caller.stream(request(tools=(BELL,), max_tokens=40))]
    assert reply.text
    assert reply.finish in {"stop", "length"}
    assert "".join(piece.text for piece in pieces if isinstance(piece, Delta)) == reply.text


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"tool_choice": "maybe"}, "tool_choice is maybe"),
        ({"tool_choice": "required", "tools": ()}, "without tools"),
        ({"tool_choice": "function:rocket"}, "no tool has that name"),
        ({"response_format": ResponseFormat("json_object")}, "response_format"),
        ({"tools": ({"type": "retrieval"},)}, "no function"),
        ({"tools": ({"type": "function", "function": {}},)}, "no name"),
        ({"tools": ({"type": "function", "function": {"name": "x", "parameters": 3}},)}, "schema"),
    ],
)
async def test_tools_that_make_no_sense_are_refused(caller: OnnxEngine, fields: dict, says: str):
    with pytest.raises(UnsupportedRequest, match=says):
        await ask(caller, request(**fields))


async def test_parameters_that_no_grammar_can_hold_are_refused_in_a_line(caller: OnnxEngine):
    wild = {"type": "function", "function": {"name": "wild", "parameters": {"not": {}}}}
    with pytest.raises(UnsupportedRequest, match="parameters of the tools") as caught:
        await ask(caller, request(tools=(wild,), tool_choice="required"))
    assert "\n" not in str(caught.value)
    assert (await ask(caller, request(tools=(BELL,), max_tokens=5))).usage.output_tokens


async def test_a_shape_is_kept_where_the_tools_are_off(caller: OnnxEngine):
    shape = ResponseFormat("regex", pattern="[a-c]{9}")
    reply = await ask(caller, request(tool_choice="none", response_format=shape))
    assert len(reply.text) == 9


async def test_calls_in_another_form_are_refused(tiny: Path, tmp_path: Path):
    engine = OnnxEngine("x", folder_with("{{ tools }}", tiny, tmp_path / "other"), threads=1)
    try:
        with pytest.raises(UnsupportedRequest, match="tools"):
            await ask(engine, request())
    finally:
        await engine.aclose()
