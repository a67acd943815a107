"""The study itself, with engines that answer at once and remember what they were asked."""

import asyncio
import os

import msgspec
import pytest

from sprat.engines.base import Load
from sprat.errors import BadWeights, EngineDied, RunError
from sprat.measure.clock import now_ns
from sprat.questions import load
from sprat.runs.store import Store
from sprat.studies.compare import compare
from sprat.studies.plan import ComparePlan, asking_order
from sprat.studies.resume import MAX_STREAK, is_finished, unfinished
from sprat.studies.summary import summarise
from sprat.types import Delta, Reply, Timing, Usage

QUESTIONS = load("everyday", limit=12).questions


class Recorder:
    """Answers a question's own prompt backwards; does at the nth request what it is told."""

    pids = ()

    def __init__(self, name, at=None):
        self.name = name
        self.asked = []
        self.warmed = 0
        self._at = at or {}

    async def stream(self, request):
        self.asked.append(request)
        await asyncio.sleep(0)
        if trouble := self._at.get(len(self.asked)):
            raise trouble
        text = f"{self.name}: {request.messages[-1].content[::-1][:40]}"
        yield Delta(text=text)
        yield Reply(
            text=text,
            finish="stop",
            usage=Usage(10, 20),
            timing=Timing(
                scheduled_ns=0,
                sent_ns=0,
                first_token_ns=500_000_000,
                last_token_ns=1_450_000_000,
                done_ns=2_000_000_000,
            ),
        )

    async def warm(self):
        self.warmed += 1
        return Load(load_s=1.5 * self.warmed, provider="test", nodes={"test": 7})

    async def aclose(self):
        pass


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.db", create=True) as opened:
        yield opened


def plan(**changes):
    whole = ComparePlan(
        small="s", large="l", questions_name="everyday", questions=QUESTIONS, seed=5
    )
    return msgspec.structs.replace(whole, **changes)


def both(**trouble):
    return {
        "small": Recorder("s", trouble.get("small")),
        "large": Recorder("l", trouble.get("large")),
    }


def comparable(store, study):
    """Everything of a comparison that must not depend on when it was made."""
    found = summarise(store, study)
    answers = [(a.position, a.id, a.role, a.text, a.score, a.error) for a in found.answers]
    return found.verdict, found.kinds, answers, found.questions


async def test_both_are_asked_every_question_in_the_planned_order_with_its_own_limits(store):
    engines = both()
    study = await compare(plan(), engines, store)
    turns = asking_order(QUESTIONS, 5)
    assert [(r.position, r.question, r.role) for r in store.runs(study)] == [
        (t.position, t.question.id, t.side) for t in turns
    ]
    for side, engine in engines.items():
        wanted = [t.question for t in turns if t.side == side]
        assert [r.messages for r in engine.asked] == [q.messages for q in wanted]
        assert [r.max_tokens for r in engine.asked] == [q.max_tokens for q in wanted]
        assert {(r.temperature, r.seed) for r in engine.asked} == {(0.0, 5)}
    assert store.study(study).status == "done"
    assert summarise(store, study).complete


async def test_both_are_warmed_before_the_first_question_and_the_load_stands_apart(store):
    engines = both()
    study = await compare(plan(), engines, store)
    assert [engine.warmed for engine in engines.values()] == [1, 1]
    small, _ = summarise(store, study).models
    assert small.cold_load_s == 1.5
    assert small.answer_s.p50 == 2.0


async def test_what_computed_is_recorded_with_every_session(store):
    study = await compare(plan(), both(), store)
    for model in store.study(study).models:
        assert [(s.provider, s.nodes) for s in model.sessions] == [("test", {"test": 7})]


async def test_an_error_is_an_answer_that_counts_as_wrong_and_the_study_goes_on(store):
    engines = both(small={3: EngineDied("The worker went away.")})
    study = await compare(plan(), engines, store)
    small, large = summarise(store, study).models
    assert (small.answered, small.errors, large.errors) == (11, 1, 0)
    failed = [run for run in store.runs(study) if run.error]
    assert [(run.role, run.error) for run in failed] == [("small", "The worker went away.")]
    assert failed[0].verdicts[0].value == 0.0
    assert failed[0].elapsed_s is not None
    assert summarise(store, study).verdict.n == 12


async def test_each_answer_is_stored_before_the_next_question_is_asked(store):
    seen = []
    engines = both()
    await compare(
        plan(), engines, store, progress=lambda e: seen.append((e.what, e.done, _kept(store)))
    )
    assert [kept for what, _, kept in seen if what == "asked"] == list(range(1, 25))
    assert all(done == kept for what, done, kept in seen if what != "warming")


def _kept(store):
    return sum(line.answers for line in store.studies())


@pytest.mark.parametrize("broken_after", [1, 2, 9, 17, 23])
async def test_a_study_cut_short_and_resumed_is_the_unbroken_one(tmp_path, broken_after):
    with Store(tmp_path / "whole.db", create=True) as store:
        whole = comparable(store, await compare(plan(), both(), store))
    with Store(tmp_path / "cut.db", create=True) as store:
        first = both()
        with pytest.raises(asyncio.CancelledError):
            await compare(plan(), first, store, progress=_cancel_at(broken_after))
        study = unfinished(store)
        assert store.study(study).status == "stopped"
        assert not summarise(store, study).complete
        second = both()
        assert await compare(plan(), second, store, resume=study) == study
        assert comparable(store, study) == whole
        asked = [engines[side].asked for engines in (first, second) for side in engines]
        assert sum(map(len, asked)) == 24
        assert unfinished(store) is None
        assert any("Resumed once" in line for line in summarise(store, study).warnings)


def _cancel_at(done):
    def progress(event):
        if event.what == "asked" and event.done == done:
            raise asyncio.CancelledError

    return progress


async def test_a_model_that_is_gone_stops_the_study_and_is_asked_again_when_it_is_back(store):
    gone = {n: EngineDied("Gone.") for n in range(4, 4 + MAX_STREAK)}
    engines = both(large=gone)
    with pytest.raises(RunError, match=r"l failed 5 times in a row.*--resume"):
        await compare(plan(), engines, store)
    study = unfinished(store)
    assert store.study(study).note.startswith("l failed 5 times")
    assert len(engines["large"].asked) == 8
    await compare(plan(), both(), store, resume=study)
    small, large = summarise(store, study).models
    assert (small.errors, large.errors, large.answered) == (0, 0, 12)


async def test_an_outage_at_the_very_end_is_asked_again_too(store):
    gone = {n: EngineDied("Gone.") for n in range(13 - MAX_STREAK, 13)}
    with pytest.raises(RunError, match="5 times in a row"):
        await compare(plan(), both(small=gone), store)
    study = unfinished(store)
    assert not is_finished(store, study)
    await compare(plan(), both(), store, resume=study)
    assert is_finished(store, study)
    assert summarise(store, study).models[0].errors == 0


async def test_scattered_errors_do_not_stop_it(store):
    every_other = {n: EngineDied("Gone.") for n in range(1, 13, 2)}
    study = await compare(plan(), both(small=every_other), store)
    small, _ = summarise(store, study).models
    assert small.errors == 6
    assert await compare(plan(), both(), store, resume=study) == study
    assert summarise(store, study).models[0].errors == 6  # they were answers, not an outage


async def test_a_model_that_cannot_be_made_ready_leaves_no_study(store):
    engines = both()

    async def broken():
        raise BadWeights("The file is truncated.")

    engines["large"].warm = broken
    with pytest.raises(BadWeights):
        await compare(plan(), engines, store)
    assert store.studies() == []


async def test_other_weights_are_not_mixed_into_a_study(store):
    weights = {"small": {"weights_sha256": "aa"}, "large": {"weights_sha256": "bb"}}
    with pytest.raises(asyncio.CancelledError):
        await compare(plan(), both(), store, identities=weights, progress=_cancel_at(3))
    other = {**weights, "large": {"weights_sha256": "cc"}}
    with pytest.raises(RunError, match="weights_sha256 of l was bb, and is cc"):
        await compare(plan(), both(), store, resume=unfinished(store), identities=other)
    await compare(plan(), both(), store, resume=unfinished(store), identities=weights)


async def test_other_settings_are_refused_before_anything_is_loaded(store):
    with pytest.raises(asyncio.CancelledError):
        await compare(plan(), both(), store, progress=_cancel_at(3))
    engines = both()
    with pytest.raises(RunError, match="seed is 5, not 6"):
        await compare(plan(seed=6), engines, store, resume=unfinished(store))
    assert engines["small"].warmed == 0


async def test_the_same_plan_gives_the_same_answers(store):
    first = await compare(plan(), both(), store)
    second = await compare(plan(), both(), store)
    assert first != second
    assert comparable(store, first) == comparable(store, second)


async def test_the_machine_is_watched_while_they_answer_and_what_was_seen_is_kept(store):
    study = await compare(plan(), both(), store, environment={"cpu": "some"})
    environment = store.study(study).environment
    assert environment["cpu"] == "some"
    (stretch,) = environment["during"]
    assert stretch["seconds"] > 0
    # These engines have no processes: they may be a server here, whose work is no one else's.
    assert stretch["others_share"] is None
    assert summarise(store, study).environment == environment


async def test_each_session_is_watched_on_its_own_even_one_that_was_stopped(store):
    with pytest.raises(asyncio.CancelledError):
        await compare(plan(), both(small={3: asyncio.CancelledError()}), store)
    study = unfinished(store)
    assert len(store.study(study).environment["during"]) == 1
    await compare(plan(), both(), store, resume=study)
    assert len(store.study(study).environment["during"]) == 2


class Plant:
    """A counter of 10 W, and 500 W more while somebody answers."""

    source = "plant"
    refresh_s = 0.001

    def __init__(self):
        self.extra_joules = 0.0
        self.began_ns = now_ns()

    def read_joules(self):
        return 10.0 * (now_ns() - self.began_ns) / 1e9 + self.extra_joules

    def close(self):
        pass


class Local(Recorder):
    """Answers in this very process, and draws what it is told for 20 ms."""

    pids = (os.getpid(),)

    def __init__(self, name, plant, watts):
        super().__init__(name)
        self._plant, self._watts = plant, watts

    async def stream(self, request):
        began_ns = now_ns()
        await asyncio.sleep(0.02)
        self._plant.extra_joules += self._watts * (now_ns() - began_ns) / 1e9
        async for piece in super().stream(request):
            yield piece


async def test_what_an_answer_drew_above_idle_is_in_the_result_and_what_it_did_not_is_not(
    store, monkeypatch
):
    plant = Plant()
    monkeypatch.setattr("sprat.measure.energy.open_counter", lambda: plant)
    engines = {"small": Local("s", plant, 0.0), "large": Local("l", plant, 500.0)}
    study = await compare(plan(), engines, store)
    small, large = summarise(store, study).models
    assert large.energy_joules == pytest.approx(plant.extra_joules, rel=0.05)
    assert large.energy_joules_per_answer == pytest.approx(large.energy_joules / len(QUESTIONS))
    assert large.energy_source.startswith("plant, idle 10.0 ± 0.0 W excluded")
    assert small.energy_joules is None
    assert "not told apart from the idle draw" in small.energy_source
    assert store.study(study).environment["during"][0]["others_share"] is not None
