"""The event-stream format, by its specification, however the bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sprat.engines.openai import sse
from sprat.engines.openai.sse import Event, EventReader
from sprat.errors import EngineRefused


def read(*chunks: bytes) -> list[Event]:
    reader = EventReader()
    events = [event for chunk in chunks for event in reader.feed(chunk)]
    return events + reader.close()


def data(*chunks: bytes) -> list[str]:
    return [event.data for event in read(*chunks)]


def test_the_example_of_the_specification():
    # https://html.spec.whatwg.org/multipage/server-sent-events.html: 9.2.6
    assert data(b"data: YHOO\ndata: +2\ndata: 10\n\n") == ["YHOO\n+2\n10"]
    stream = b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third"
    assert data(stream + b" event\n\n") == ["first event", "second event", " third event"]
    assert data(b"data\n\ndata\ndata\n\n") == ["", "\n"]


def test_every_line_ending_is_one():
    assert data(b"data: a\n\ndata: b\r\rdata: c\r\n\r\n") == ["a", "b", "c"]


def test_a_byte_order_mark_is_skipped():
    assert data(b"\xef\xbb\xbfdata: a\n\n") == ["a"]


def test_an_event_has_its_name_and_the_next_one_does_not_keep_it():
    assert read(b"event: error\ndata: x\n\ndata: y\n\n") == [
        Event("error", "x"),
        Event("message", "y"),
    ]


def test_a_last_event_without_its_empty_line_is_not_lost():
    assert data(b"data: a\n\ndata: b\n") == ["a", "b"]
    assert data(b"data: a\n\ndata: b") == ["a", "b"]


STREAM = (
    ': hello\r\n\r\ndata: {"a": "é漢🙂"}\r\n\r\nevent: error\ndata: one\ndata: two\n\n'
    "data: x\r\rdata: [DONE]\n\n"
).encode()
EVENTS = [
    Event("message", '{"a": "é漢🙂"}'),
    Event("error", "one\ntwo"),
    Event("message", "x"),
    Event("message", "[DONE]"),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=40))
def test_where_the_bytes_are_cut_makes_no_difference(cuts: list[int]):
    bounds = [0, *sorted(cuts), len(STREAM)]
    chunks = [STREAM[start:end] for start, end in pairwise(bounds)]
    assert read(*chunks) == EVENTS


def test_one_byte_at_a_time_is_the_same_too():
    assert read(*(STREAM[i : i + 1] for i in range(len(STREAM)))) == EVENTS


def test_an_endless_line_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 1000)
    reader = EventReader()
    for _ in range(10):
        reader.feed(b"x" * 100)
    with pytest.raises(EngineRefused, match="1000 bytes"):
        reader.feed(b"x")


def test_a_long_stream_of_small_events_is_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 1000)
    reader = EventReader()
    assert sum(len(reader.feed(b"data: xxxx\n\n")) for _ in range(500)) == 500
