"""Timing by hand: a clock that says what it is told, and the numbers worked out on paper."""

import pytest

from sprat.engines.stamps import Stamps
from sprat.types import ChatRequest, Delta, Message, Timing

MS = 1_000_000


class Hands:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.ms = 0

    def __call__(self) -> int:
        return self.ms * MS


def request(**fields) -> ChatRequest:
    return ChatRequest(messages=(Message("user", "hello"),), **fields)


def played(script: list[tuple[int, Delta]], *, sent: int, done: int) -> Timing:
    clock = Hands()
    stamps = Stamps(request(), clock)
    clock.ms = sent
    stamps.sent()
    for ms, delta in script:
        clock.ms = ms
        stamps.piece(delta)
    clock.ms = done
    return stamps.done()


def test_the_definitions_hold_on_a_hand_worked_stream():
    # arrived 0, sent 10, role 20, thinking 110, answer 310 and 510 and 910, done 1010 (ms)
    timing = played(
        [
            (20, Delta()),
            (110, Delta(reasoning="hm")),
            (310, Delta(text="a")),
            (510, Delta(text="bc")),
            (910, Delta(text="d")),
        ],
        sent=10,
        done=1010,
    )
    assert timing.ttft_s == pytest.approx(0.100)
    assert timing.first_answer_s == pytest.approx(0.300)
    assert timing.decode_s == pytest.approx(0.800)
    assert timing.answer_s == pytest.approx(1.000)
    assert timing.total_s == pytest.approx(1.010)
    # 5 tokens in 4 pieces: a chunk is not a token, (910 - 110) / (5 - 1) = 200 ms
    assert timing.inter_token_s(5) == pytest.approx(0.200)
    assert timing.decode_tokens_per_s(5) == pytest.approx(5.0)
    assert timing.chunks_ns == (110 * MS, 310 * MS, 510 * MS, 910 * MS)


def test_a_role_only_chunk_is_no_token():
    timing = played([(5, Delta()), (6, Delta())], sent=1, done=9)
    assert timing.first_token_ns is None
    assert timing.ttft_s is None
    assert timing.decode_s is None
    assert timing.chunks_ns == ()


def test_one_token_has_no_rate():
    timing = played([(50, Delta(text="a"))], sent=0, done=60)
    assert timing.ttft_s == pytest.approx(0.050)
    assert timing.inter_token_s(1) is None


def test_an_answer_in_one_piece_has_no_time_between_tokens_rather_than_zero():
    at = 5_000_000_000
    timing = Timing(scheduled_ns=0, sent_ns=0, first_token_ns=at, last_token_ns=at, done_ns=at)
    assert timing.inter_token_s(8) is None
    assert timing.decode_tokens_per_s(8) is None
    assert timing.decode_tokens_per_s(1) is None


def test_reasoning_alone_gives_no_first_answer():
    timing = played([(50, Delta(reasoning="a"))], sent=0, done=60)
    assert timing.ttft_s == pytest.approx(0.050)
    assert timing.first_answer_s is None


def test_a_tool_call_is_an_answer():
    clock = Hands()
    stamps = Stamps(request(), clock)
    stamps.sent()
    clock.ms = 70
    stamps.piece(Delta(), tool_call=True)
    assert stamps.done().first_answer_s == pytest.approx(0.070)


def test_waiting_in_a_load_generators_queue_is_in_total_but_not_in_answer():
    clock = Hands()
    clock.ms = 500
    stamps = Stamps(request(scheduled_ns=100 * MS), clock)
    stamps.sent()
    clock.ms = 700
    timing = stamps.done()
    assert timing.total_s == pytest.approx(0.600)
    assert timing.answer_s == pytest.approx(0.200)


def test_a_request_sent_again_counts_from_the_last_time_but_is_scheduled_from_the_first():
    clock = Hands()
    stamps = Stamps(request(), clock)
    stamps.sent()
    clock.ms = 400
    stamps.sent()
    clock.ms = 450
    stamps.piece(Delta(text="a"))
    timing = stamps.done()
    assert timing.ttft_s == pytest.approx(0.050)
    assert timing.total_s == pytest.approx(0.450)


def test_the_workers_own_moments_are_taken_as_they_are():
    clock = Hands()
    stamps = Stamps(request(), clock)
    stamps.sent(1)
    stamps.loaded(2)
    stamps.prepared(3)
    stamps.started(4)
    stamps.piece(Delta(text="a"), at_ns=5)
    timing = stamps.done(6)
    assert (timing.sent_ns, timing.loaded_ns, timing.prepared_ns) == (1, 2, 3)
    assert (timing.started_ns, timing.first_token_ns, timing.done_ns) == (4, 5, 6)


def test_done_without_sent_is_a_fault_of_the_engine():
    with pytest.raises(RuntimeError, match="before"):
        Stamps(request()).done()
