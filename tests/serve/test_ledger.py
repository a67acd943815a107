"""accepted = completed + failed + cancelled + those under way, whatever happens."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sprat.serve.ledger import Ledger, Outcome, Record, a_moment_later

OUTCOMES: list[Outcome] = ["completed", "failed", "cancelled"]


async def forever() -> None:
    await asyncio.Event().wait()


def sums(ledger: Ledger) -> bool:
    return ledger.accepted == sum(ledger.outcomes.values()) + len(ledger.open)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(OUTCOMES))))
def test_the_sum_holds_after_every_step(steps: list[tuple[bool, Outcome]]):
    ledger, task = Ledger(), cast_task(None)
    for opens, outcome in steps:
        if opens:
            ledger.accept("/v1/x", task)
        elif ledger.open:
            ledger.close(next(iter(ledger.open)), outcome)
        assert sums(ledger)
        assert ledger.empty.is_set() == (not ledger.open)


def cast_task(task: Any) -> "asyncio.Task[Any]":
    return task


async def test_the_first_reason_to_stop_is_the_one_that_is_told():
    ledger = Ledger()
    task = asyncio.create_task(forever())
    record = ledger.accept("/v1/x", task)
    ledger.cancel(record, "gone")
    ledger.cancel_all("stopping")
    assert record.reason == "gone"
    assert task.cancelling() == 1  # once: what it does to end itself is not cut short
    ledger.close(record, "cancelled")
    ledger.cancel(record, "stalled")
    assert record.reason == "gone"


async def test_only_clients_that_take_nothing_are_given_up():
    ledger = Ledger()
    tasks = [asyncio.create_task(forever()) for _ in range(3)]
    stalled, sending, computing = (ledger.accept("/v1/x", task) for task in tasks)
    stalled.sending_since_ns = stalled.arrived_ns - 61 * 10**9
    sending.sending_since_ns = sending.arrived_ns
    ledger.cancel_stalled(60 * 10**9)
    assert [one.reason for one in (stalled, sending, computing)] == ["stalled", None, None]
    for task in tasks:
        task.cancel()


def test_a_listener_that_fails_keeps_nobody_from_the_outcome():
    ledger, heard = Ledger(), list[Record]()

    def broken(_record: Record) -> None:
        raise ValueError

    ledger.listeners += [broken, heard.append]
    record = ledger.accept("/v1/x", cast_task(None))
    ledger.close(record, "completed")
    assert heard == [record]
    assert ledger.outcomes["completed"] == 1
    assert ledger.empty.is_set()


async def test_listeners_hear_a_moment_later_and_the_sums_do_not_wait():
    ledger, heard, all_heard = Ledger(a_moment_later), list[Record](), asyncio.Event()
    ledger.listeners += [heard.append, lambda _: all_heard.set() if len(heard) == 3 else None]
    records = [ledger.accept("/v1/x", cast_task(None)) for _ in range(3)]
    for record in records:
        ledger.close(record, "completed")
    assert (ledger.outcomes["completed"], heard) == (3, [])
    await asyncio.wait_for(all_heard.wait(), 5)
    assert heard == records


async def test_whoever_cannot_wait_has_the_listeners_told_at_once():
    ledger, heard = Ledger(a_moment_later), list[Record]()
    ledger.listeners.append(heard.append)
    record = ledger.accept("/v1/x", cast_task(None))
    ledger.close(record, "failed")
    ledger.tell()
    await asyncio.sleep(0.01)  # the moment comes, and there is nothing left to say
    assert heard == [record]
