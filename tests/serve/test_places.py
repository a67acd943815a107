"""The line in front of a model: bounded, fair, and nobody is forgotten in it."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sprat.serve.models.places import Places
from sprat.serve.problem import Busy

WAIT_S = 60.0


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


async def served(places: Places, callers: str) -> list[str]:
    """One request per letter, all at once; who was served, in order, one at a time."""
    order: list[str] = []

    async def ask(caller: str) -> None:
        taken = await places.take(caller)
        order.append(caller)
        await asyncio.sleep(0)
        places.give(taken)

    await asyncio.gather(*(ask(caller) for caller in callers))
    return order


async def test_one_request_does_not_wait_for_anothers_hundred():
    order = await served(Places(1, 200, WAIT_S), "a" * 100 + "b")
    assert order.index("b") <= 2


async def test_callers_take_turns_and_each_is_served_in_its_own_order():
    order = await served(Places(1, 200, WAIT_S), "aaabbbccc")
    assert "".join(order) == "aabcabcbc"


async def test_a_full_line_tells_whoever_fills_it_that_it_was_them():
    places = Places(1, 2, WAIT_S)
    await places.take("a")
    waiting = [asyncio.create_task(places.take("a")) for _ in range(2)]
    await settle()
    with pytest.raises(Busy) as told:
        await places.take("a")
    assert (told.value.status, told.value.retry_after_s) == (429, 1)
    for task in waiting:
        task.cancel()


async def test_in_a_full_line_the_longest_makes_room_for_others():
    places = Places(1, 4, WAIT_S)
    held = await places.take("a")
    greedy = [asyncio.create_task(places.take("a")) for _ in range(4)]
    await settle()
    modest = asyncio.create_task(places.take("b"))
    await settle()
    assert places.waiting == 4
    with pytest.raises(Busy) as told:
        await greedy[-1]  # the newest: it has waited least
    assert told.value.status == 429
    places.give(held)
    await greedy[0]
    places.give(held)
    await modest
    for task in greedy[1:3]:
        task.cancel()


async def test_a_line_that_many_share_fairly_has_no_room_for_one_more():
    places = Places(1, 3, WAIT_S)
    await places.take("a")
    waiting = [asyncio.create_task(places.take(caller)) for caller in "abc"]
    await settle()
    with pytest.raises(Busy) as told:
        await places.take("d")
    assert told.value.status == 503
    for task in waiting:
        task.cancel()


async def test_without_a_line_whoever_comes_late_is_told_at_once():
    places = Places(1, 0, WAIT_S)
    await places.take("a")
    with pytest.raises(Busy) as told:
        await places.take("b")
    assert told.value.status == 503


async def test_waiting_has_an_end():
    places = Places(1, 9, 0.02)
    await places.take("a")
    with pytest.raises(Busy) as told:
        await places.take("b")
    assert told.value.status == 503
    assert (places.taken, places.waiting) == (1, 0)


async def test_a_place_given_to_one_who_leaves_at_that_moment_goes_on_to_the_next():
    places = Places(1, 9, WAIT_S)
    held = await places.take("a")
    leaving, staying = (asyncio.create_task(places.take(caller)) for caller in "bc")
    await settle()
    places.give(held)  # to `leaving`, which has not run since
    leaving.cancel()
    await asyncio.wait_for(staying, 30)
    assert (places.taken, places.waiting) == (1, 0)


async def test_the_wait_that_is_told_grows_with_the_line_and_the_answers():
    places = Places(1, 9, WAIT_S)
    for _ in range(60):
        places.give(await places.take("a") - 10 * 10**9)  # answers of ten seconds
    assert places.retry_after_s == 10
    await places.take("a")
    waiting = [asyncio.create_task(places.take("a")) for _ in range(3)]
    await settle()
    assert places.retry_after_s == 40
    for task in waiting:
        task.cancel()


class Crowd(RuleBasedStateMachine):
    """Callers come, wait, are served and leave in any order, also within one turn of the loop."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.places = Places(2, 4, WAIT_S)
        self.tasks: list[asyncio.Task[int]] = []
        self.inside: list[int] = []
        self.told: Counter[str] = Counter()

    def run(self, *, quietly: bool = False) -> None:
        if not quietly:
            self.loop.run_until_complete(settle())
        for task in [one for one in self.tasks if one.done()]:
            self.tasks.remove(task)
            if task.cancelled():
                self.told["left"] += 1
            elif (error := task.exception()) is not None:
                assert isinstance(error, Busy)
                self.told["busy"] += 1
            else:
                self.inside.append(task.result())

    @rule(caller=st.sampled_from("abc"), quietly=st.booleans())
    def come(self, caller: str, quietly: bool) -> None:
        self.tasks.append(self.loop.create_task(self.places.take(caller)))
        self.run(quietly=quietly)

    @rule(which=st.integers(0, 9), quietly=st.booleans())
    def leave_the_line(self, which: int, quietly: bool) -> None:
        if self.tasks:
            self.tasks[which % len(self.tasks)].cancel()
        self.run(quietly=quietly)

    @rule(quietly=st.booleans())
    def end_an_answer(self, quietly: bool) -> None:
        if self.inside:
            self.places.give(self.inside.pop(0))
        self.run(quietly=quietly)

    @rule()
    def all_quiet(self) -> None:
        self.run()
        assert self.places.taken == len(self.inside)
        assert self.places.waiting == len(self.tasks)
        assert not self.tasks or self.places.taken == 2  # nobody waits beside a free place

    @invariant()
    def bounds_hold(self) -> None:
        assert 0 <= self.places.taken <= 2
        assert 0 <= self.places.waiting <= 4

    def teardown(self) -> None:
        self.run()
        for _ in range(100):
            self.end_an_answer(quietly=False)
            if not self.tasks:
                break
        assert not self.tasks  # everybody was served in the end
        while self.inside:
            self.end_an_answer(quietly=False)
        assert (self.places.taken, self.places.waiting) == (0, 0)
        self.loop.close()


Crowd.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestCrowd: Any = Crowd.TestCase
