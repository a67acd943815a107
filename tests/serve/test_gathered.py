"""Writes that belong together leave together, and nothing is held back."""

import asyncio
from typing import Any, cast

from sprat.serve.gathered import Gathered


class Wire:
    """A transport that notes each write."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def gathered() -> tuple[Gathered, Wire]:
    wire = Wire()
    return Gathered(cast("Any", wire), asyncio.get_running_loop()), wire


async def test_a_whole_answer_leaves_at_once_and_as_one():
    answer, wire = gathered()
    answer.write(b"head")
    answer.write(b"body")
    assert wire.sent == [b"headbody"]


async def test_a_head_alone_waits_for_a_turn_only():
    answer, wire = gathered()
    answer.write(b"head")
    await asyncio.sleep(0)
    assert wire.sent == [b"head"]


async def test_tokens_that_came_together_leave_together_in_order():
    answer, wire = gathered()
    for data in (b"head", b"1", b"2", b"3", b"4"):
        answer.write(data)
    await asyncio.sleep(0)
    assert wire.sent == [b"head1", b"234"]


async def test_the_end_of_a_stream_leaves_at_once():
    answer, wire = gathered()
    for data in (b"head", b"1", b"2", b"5\r\nabcde\r\n0\r\n\r\n"):
        answer.write(data)
    assert b"".join(wire.sent) == b"head125\r\nabcde\r\n0\r\n\r\n"


async def test_a_close_sends_what_is_held_and_what_comes_later_is_dropped():
    answer, wire = gathered()
    answer.write(b"head")
    answer.close()
    answer.write(b"late")
    await asyncio.sleep(0)
    assert (wire.sent, wire.closed) == ([b"head"], True)
