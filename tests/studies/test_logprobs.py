"""A study that keeps log-probabilities: asked for on both sides, or said to be missing."""

import msgspec
import pytest

from sprat.engines.script import Rule, Script
from sprat.engines.scripted import ScriptedEngine
from sprat.errors import RunError, UnsupportedRequest
from sprat.questions import load
from sprat.runs.store import Store
from sprat.studies.compare import compare
from sprat.studies.plan import ComparePlan, plan_of, refuse_difference

QUESTIONS = load("everyday", limit=4)


class Mute(ScriptedEngine):
    """An engine that tells no log-probabilities."""

    def stream(self, request):
        if request.logprobs is not None:
            raise UnsupportedRequest("It tells none.", param="logprobs")
        return super().stream(request)


def plan(**changes):
    whole = ComparePlan(
        small="s",
        large="l",
        questions_name="everyday",
        questions=QUESTIONS.questions,
        logprobs=5,
    )
    return msgspec.structs.replace(whole, **changes)


def engine(kind=ScriptedEngine):
    return kind("e", Script(rule=(Rule(text="Answer: 84", logprobs=(-0.25, -0.5)),)))


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.db", create=True) as opened:
        yield opened


async def test_every_answer_of_both_sides_is_stored_with_its_log_probabilities(store):
    study = await compare(plan(), {"small": engine(), "large": engine()}, store)
    runs = list(store.runs(study))
    assert len(runs) == 8
    for run in runs:
        assert run.request.logprobs == 5
        assert [entry.logprob for entry in run.reply.logprobs] == [-0.25, -0.5]


async def test_a_side_that_cannot_give_them_is_named_beforehand_and_asked_without(store):
    events = []
    engines = {"small": engine(), "large": engine(Mute)}
    study = await compare(plan(), engines, store, progress=events.append)
    whats = [event.what for event in events]
    assert [e.side for e in events if e.what == "bare"] == ["large"]
    assert whats.index("bare") < whats.index("asking")
    for run in store.runs(study):
        assert run.error is None
        assert (run.reply.logprobs is None) == (run.role == "large")
        assert run.request.logprobs == (None if run.role == "large" else 5)


async def test_without_the_option_nothing_is_kept_and_nothing_is_tried(store):
    engines = {"small": engine(Mute), "large": engine(Mute)}
    study = await compare(plan(logprobs=None), engines, store)
    assert all(run.reply and run.reply.logprobs is None for run in store.runs(study))
    assert "logprobs" not in store.study(study).settings


async def test_a_study_is_resumed_only_with_as_many(store):
    study = store.study(await compare(plan(), {"small": engine(), "large": engine()}, store))
    assert plan_of(study) == plan()
    with pytest.raises(RunError, match="number of log-probabilities is 5, not None"):
        refuse_difference(study, plan(logprobs=None))
