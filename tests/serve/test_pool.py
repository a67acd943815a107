"""Models behind the gateway: loaded once for all, kept while used, closed exactly once."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sprat.engines.base import Load
from sprat.errors import BadWeights
from sprat.models.names import EndpointModel, GgufFile
from sprat.serve.models import pool as pools
from sprat.serve.models.names import Served
from sprat.serve.models.pool import Pool
from sprat.serve.problem import BadRequest, Busy
from sprat.settings import Endpoint, ServeSettings

MB = 10**6
LOADED = Load(load_s=0.0)


class Fake:
    """An engine that counts; `gate` holds its load."""

    pids: tuple[int, ...] = ()

    def __init__(self, house: "House", served: Served) -> None:
        self.house, self.served = house, served
        self.closed = 0
        self.used = 0
        house.made.append(self)

    async def warm(self) -> Load:
        await self.house.gate.wait()
        if self.house.broken:
            raise BadWeights("They are broken.")
        self.house.free -= self.served.need_bytes
        return LOADED

    async def aclose(self) -> None:
        assert not self.used, "closed under an answer"
        self.closed += 1
        for _ in range(3):
            await asyncio.sleep(0)
        if not self.house.broken:
            self.house.free += self.served.need_bytes


class House:
    """A pool, its engines and the machine's memory."""

    def __init__(self, free: int = 1000 * MB, **fields: Any) -> None:
        self.free = free
        self.broken = False
        self.made: list[Fake] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.threads: set[int] = set()
        known = {"keep_free_bytes": 100 * MB, "places": 2, "queue": 4, **fields}
        self.pool: Pool[Fake] = Pool(self._open, ServeSettings(**known), lambda: self.free)

    def _open(self, served: Served) -> Fake:
        self.threads.add(threading.get_ident())
        return Fake(self, served)

    async def use(self, served: Served, until: asyncio.Event | None = None) -> Fake:
        async with self.pool.lease(served, "somebody") as lease:
            lease.engine.used += 1
            try:
                await (until.wait() if until else asyncio.sleep(0))
            finally:
                lease.engine.used -= 1
            return lease.engine


def local(name: str, megabytes: int = 300) -> Served:
    found = GgufFile(None, name)  # pyright: ignore[reportArgumentType] - never opened here
    return Served(name=name, source=name, found=found, where="local", need_bytes=megabytes * MB)


def remote(name: str) -> Served:
    found = EndpointModel("lc", Endpoint(url="http://x/v1"), name, name)
    return Served(name=name, source=name, found=found, where="endpoint")


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.001)


async def test_a_model_whose_process_was_started_again_is_told_once():
    house, told = House(), list[str]()
    house.pool.restarted = told.append
    engine = await house.use(local("one"))
    engine.pids = (7,)
    await house.use(local("one"))
    assert told == []  # the first that there was
    engine.pids = (8,)
    await house.use(local("one"))
    await house.use(local("one"))
    assert told == ["one"]


async def test_a_model_is_loaded_once_for_all_who_wait_and_off_the_event_loop():
    house = House(places=8)
    house.gate.clear()
    users = [asyncio.create_task(house.use(local("a"))) for _ in range(8)]
    await until(lambda: len(house.made) == 1)
    house.gate.set()
    assert set(await asyncio.gather(*users)) == set(house.made)
    assert threading.get_ident() not in house.threads


async def test_whoever_leaves_does_not_end_the_load_of_the_others():
    house = House()
    house.gate.clear()
    leaving, staying = (asyncio.create_task(house.use(local("a"))) for _ in range(2))
    await until(lambda: len(house.made) == 1)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    house.gate.set()
    assert (await staying).closed == 0
    assert len(house.made) == 1


async def test_a_load_that_nobody_waits_for_any_more_goes_on_and_its_place_is_free():
    house = House()
    house.gate.clear()
    leaving = asyncio.create_task(house.use(local("a")))
    await until(lambda: len(house.made) == 1)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    slot = house.pool.slot(local("a"))
    assert (slot.places.taken, slot.state) == (0, "loading")
    with pytest.raises(BadRequest, match="being loaded"):
        await house.pool.unload(local("a"))
    house.gate.set()
    await until(lambda: slot.state == "loaded")
    assert (await house.use(local("a"))) is house.made[0]


async def test_a_load_that_fails_tells_all_who_wait_and_can_be_tried_again():
    house = House()
    house.broken = True
    told = await asyncio.gather(*(house.use(local("a")) for _ in range(2)), return_exceptions=True)
    assert [type(error) for error in told] == [BadWeights, BadWeights]
    assert [fake.closed for fake in house.made] == [1]
    house.broken = False
    assert (await house.use(local("a"))).closed == 0


async def test_the_model_not_used_for_longest_makes_room():
    house = House()  # 1000 MB, of which 100 stay free: three models of 300
    for name in ("a", "b", "c", "a", "d"):
        await house.use(local(name))
    states = {slot.served.name: slot.state for slot in house.pool.slots}
    assert states == {"a": "loaded", "b": "unloaded", "c": "loaded", "d": "loaded"}
    assert house.free == 100 * MB


async def test_a_model_in_use_is_not_unloaded_for_another():
    house, leave = House(free=500 * MB), asyncio.Event()
    using = asyncio.create_task(house.use(local("a"), leave))
    await until(lambda: house.pool.slot(local("a")).state == "loaded")
    with pytest.raises(Busy) as told:
        await house.use(local("b"))
    assert (told.value.status, told.value.code) == (503, "not_enough_memory")
    leave.set()
    await using
    await house.use(local("b"))
    assert house.pool.slot(local("a")).state == "unloaded"


async def test_two_loads_at_once_do_not_share_the_same_memory():
    house = House(free=500 * MB)
    house.gate.clear()
    first = asyncio.create_task(house.use(local("a")))
    await until(lambda: len(house.made) == 1)
    with pytest.raises(Busy):
        await house.use(local("b"))
    house.gate.set()
    await first


async def test_idle_models_that_embed_make_room_for_those_that_answer():
    house = House(free=500 * MB)
    other: Pool[Fake] = Pool(
        house._open, ServeSettings(keep_free_bytes=100 * MB), lambda: house.free
    )
    house.pool.beside = (other,)
    await other.load(local("vectors"))
    await house.use(local("a"))
    assert other.slot(local("vectors")).state == "unloaded"


async def test_memory_that_others_take_is_given_back_by_idle_models():
    house = House()
    for name in ("a", "b"):
        await house.use(local(name))
    house.free = 50 * MB
    assert await house.pool.tidy() == ["a"]
    assert house.pool.slot(local("b")).state == "loaded"


async def test_a_model_that_is_asked_while_others_are_tidied_away_stays():
    house, leave = House(idle_s=0.001), asyncio.Event()
    for name in ("a", "b"):
        await house.use(local(name))
    await asyncio.sleep(0.01)
    tidying = asyncio.create_task(house.pool.tidy())
    await asyncio.sleep(0)  # it closes a; meanwhile somebody comes for b
    using = asyncio.create_task(house.use(local("b"), leave))
    assert await tidying == ["a"]
    leave.set()
    assert (await using).closed == 0


async def test_idle_models_are_unloaded_after_their_time_and_endpoints_are_not():
    house = House(idle_s=0.5)
    await house.use(local("a"))
    await house.use(remote("lc/b"))
    assert await house.pool.tidy() == []
    await asyncio.sleep(0.55)
    assert await house.pool.tidy() == ["a"]
    assert house.made[0].closed == 1


async def test_a_long_load_is_not_idle_time():
    house = House(idle_s=0.5)
    house.gate.clear()
    loading = asyncio.create_task(house.use(local("a")))
    await until(lambda: len(house.made) == 1)
    loading.cancel()
    await asyncio.sleep(0.55)
    house.gate.set()
    await until(lambda: house.pool.slot(local("a")).state == "loaded")
    assert await house.pool.tidy() == []


async def test_names_at_endpoints_are_not_remembered_without_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pools, "MOST_UNUSED", 3)
    house = House()
    for number in range(9):
        await house.use(remote(f"lc/{number}"))
    await house.pool.tidy()
    assert [slot.served.name for slot in house.pool.slots] == ["lc/6", "lc/7", "lc/8"]
    assert [fake.closed for fake in house.made] == [1] * 6 + [0] * 3


async def test_a_model_whose_line_moves_on_is_neither_forgotten_nor_unloaded(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(pools, "MOST_UNUSED", 0)
    house, served = House(remote_places=1), remote("lc/a")
    async with house.pool.lease(served, "first") as lease:
        second = asyncio.create_task(house.use(served))
        await until(lambda: house.pool.slot(served).places.waiting == 1)
    await house.pool.tidy()  # the place is the second's, who has yet to hear of it
    with pytest.raises(BadRequest, match="is answering 1, and 0 wait"):
        await house.pool.unload(served)
    assert await second is lease.engine


async def test_load_and_unload_by_name():
    house, leave = House(), asyncio.Event()
    assert (await house.pool.load(local("a"))).state == "loaded"
    assert (await house.pool.unload(local("a"))).state == "unloaded"
    assert (await house.pool.unload(local("a"))).state == "unloaded"
    using = asyncio.create_task(house.use(local("a"), leave))
    await until(lambda: house.pool.slot(local("a")).state == "loaded")
    with pytest.raises(BadRequest) as told:
        await house.pool.unload(local("a"))
    assert told.value.status == 409
    leave.set()
    await using


async def test_the_end_closes_what_is_loaded_and_what_is_loading():
    house = House()
    await house.use(local("a"))
    house.gate.clear()
    waiting = asyncio.create_task(house.use(local("b")))
    await until(lambda: len(house.made) == 2)
    await house.pool.aclose()
    await asyncio.gather(waiting, return_exceptions=True)
    assert [fake.closed for fake in house.made] == [1, 1]


async def test_one_that_cannot_be_closed_does_not_keep_the_others_open():
    house = House()
    await house.use(local("a"))
    await house.use(local("b"))
    house.made[0].used = 1  # its `aclose` fails now
    await house.pool.aclose()
    assert house.made[1].closed == 1


class Comings(RuleBasedStateMachine):
    """Users of three models come and go, loads are held and fail, memory comes and goes."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.house = self.loop.run_until_complete(self._house())
        self.leave: list[tuple[asyncio.Task[Fake], asyncio.Event]] = []

    async def _house(self) -> House:
        return House(free=750 * MB, idle_s=0.001, queue=3)

    def settle(self) -> None:
        self.loop.run_until_complete(asyncio.sleep(0.002))
        self.leave = [(task, event) for task, event in self.leave if not task.done()]

    @rule(name=st.sampled_from("abc"))
    def come(self, name: str) -> None:
        event = asyncio.Event()
        task = self.loop.create_task(self.house.use(local(name), event))
        task.add_done_callback(lambda one: one.cancelled() or one.exception())
        self.leave.append((task, event))
        self.settle()

    @rule(which=st.integers(0, 9), rudely=st.booleans())
    def go(self, which: int, rudely: bool) -> None:
        if self.leave:
            task, event = self.leave[which % len(self.leave)]
            task.cancel() if rudely else event.set()
        self.settle()

    @rule(name=st.sampled_from("abc"))
    def unload(self, name: str) -> None:
        async def unload() -> None:
            try:
                await self.house.pool.unload(local(name))
            except BadRequest:
                return

        self.loop.run_until_complete(unload())

    @rule()
    def hold_loads(self) -> None:
        self.house.gate.clear()

    @rule(broken=st.booleans())
    def let_loads_go(self, broken: bool) -> None:
        self.house.broken = broken
        self.house.gate.set()
        self.settle()
        self.house.broken = False

    @rule()
    def tidy(self) -> None:
        self.loop.run_until_complete(self.house.pool.tidy())

    @invariant()
    def one_engine_at_most_is_open_for_a_model(self) -> None:
        for name in "abc":
            open_ = [f for f in self.house.made if f.served.name == name and not f.closed]
            assert len(open_) <= 1

    @invariant()
    def nothing_is_closed_twice(self) -> None:
        assert all(fake.closed <= 1 for fake in self.house.made)

    @invariant()
    def places_are_counted(self) -> None:
        for slot in self.house.pool.slots:
            assert 0 <= slot.places.taken <= 2

    def teardown(self) -> None:
        self.let_loads_go(broken=False)
        for _ in range(20):
            for _task, event in self.leave:
                event.set()
            self.settle()
            if not self.leave:
                break
        assert not self.leave  # everybody was heard
        for slot in self.house.pool.slots:
            assert (slot.places.taken, slot.places.waiting) == (0, 0)
        self.loop.run_until_complete(self.house.pool.aclose())
        assert all(fake.closed == 1 for fake in self.house.made)
        self.loop.close()


Comings.TestCase.settings = hypothesis_settings(
    max_examples=40, stateful_step_count=20, deadline=None
)
TestComings: Any = Comings.TestCase
