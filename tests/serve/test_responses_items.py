"""However an answer's pieces are mixed, the events of a response add up to its output."""

import itertools
import json
from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings

from sprat.serve.wire.responses_events import written
from sprat.serve.wire.responses_form import Output
from sprat.types import Delta

TEXTS = st.text(min_size=1, max_size=4)
PIECES = st.one_of(
    TEXTS.map(lambda text: Delta(text=text)),
    TEXTS.map(lambda text: Delta(reasoning=text)),
    st.tuples(TEXTS, TEXTS).map(lambda both: Delta(reasoning=both[0], text=both[1])),
    st.tuples(st.integers(0, 2), st.text(max_size=3)).map(
        lambda part: Delta(tool_calls=(_part(*part),))
    ),
)


def _part(index: int, arguments: str) -> dict[str, Any]:
    """Every part says all, as some servers do; only the first one's name counts."""
    function = {"name": f"f{index}", "arguments": arguments}
    return {"index": index, "id": f"call_{index}", "type": "function", "function": function}


def told(output: Output, pieces: list[Delta]) -> list[Any]:
    """The events of an answer, as a client reads them."""
    events = [event for piece in pieces for event in output.take(piece)]
    events += output.end("completed")
    blocks = b"".join(map(written, events)).decode().removesuffix("\n\n").split("\n\n")
    return [json.loads(block.split("data: ", 1)[1]) for block in blocks]


@settings(deadline=None, max_examples=200)
@given(st.lists(PIECES, max_size=12))
def test_the_events_add_up_to_the_output(pieces: list[Delta]):
    output = Output(logprobs=False)
    events = told(output, pieces)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    done = [
        _followed([e for e in events if e["output_index"] == place]) for place in _places(events)
    ]
    assert done == json.loads(json.dumps([_plain(item) for item in output.items("incomplete")]))


@settings(deadline=None, max_examples=200)
@given(st.lists(PIECES, max_size=12))
def test_nothing_of_an_answer_is_lost(pieces: list[Delta]):
    output = Output(logprobs=False)
    told(output, pieces)
    items: Any = [_plain(item) for item in output.items("incomplete")]
    for kind, field in (("message", "text"), ("reasoning", "reasoning")):
        texts = [part["text"] for item in items if item["type"] == kind for part in item["content"]]
        assert "".join(texts) == "".join(getattr(piece, field) for piece in pieces)
    calls = {
        item["call_id"]: item["arguments"] for item in items if item["type"] == "function_call"
    }
    parts = [part for piece in pieces for part in piece.tool_calls]
    for index, group in itertools.groupby(
        sorted(parts, key=lambda p: p["index"]), lambda p: p["index"]
    ):
        assert calls[f"call_{index}"] == "".join(part["function"]["arguments"] for part in group)


def _places(events: list[Any]) -> list[int]:
    places = sorted({event["output_index"] for event in events})
    assert places == list(range(len(places)))
    return places


def _followed(events: list[Any]) -> Any:
    """The item that its events make, each kind of them in its place."""
    kinds = [event["type"] for event in events]
    assert kinds[0] == "response.output_item.added"
    assert kinds[-1] == "response.output_item.done"
    assert kinds.count(kinds[0]) == kinds.count(kinds[-1]) == 1
    item = events[-1]["item"]
    deltas = "".join(event["delta"] for event in events if "delta" in event)
    whole = item["arguments"] if item["type"] == "function_call" else item["content"][0]["text"]
    assert deltas == whole
    finals = [event for event in events if event["type"].endswith(("text.done", "arguments.done"))]
    assert [final.get("text", final.get("arguments")) for final in finals] == [whole]
    assert {event.get("item_id", item["id"]) for event in events} == {item["id"]}
    return item


def _plain(item: Any) -> Any:
    import msgspec

    return msgspec.to_builtins(item)
