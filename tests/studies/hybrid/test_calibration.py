"""What a calibration learns from, in which unit, and what it writes where nothing will do."""

import random

import msgspec
import pytest
from tests.studies.hybrid.test_replay import log, outcome

from sprat.policies.allowance import Budgeted
from sprat.studies.hybrid import calibrate as module
from sprat.studies.hybrid.calibrate import calibrate
from sprat.studies.hybrid.forks import Fork, Way
from sprat.studies.hybrid.recorded import of_log
from sprat.studies.hybrid.threshold import Part, chosen_threshold
from sprat.studies.hybrid.wish import Wish
from sprat.types import Usage

N = 200


def made(*, silent=(), broken=(), right=lambda n: n % 5 < 3):
    """Outcomes of a small model that knows when it is right; `silent`: without
    log-probabilities, `broken`: with an error."""
    draw, outcomes = random.Random(3), []
    for n in range(N):
        sure = -100 if n % 5 < 3 else -1500
        small = outcome(
            n, "tiny", right=right(n), answer_s=1.0, logprob=sure - draw.randrange(200),
            error="It broke." if n in broken else None,
        )  # fmt: skip
        if n in broken:
            small = msgspec.structs.replace(small, right=False, score=0.0)
        if n in silent:
            small = msgspec.structs.replace(small, tokens=None)
        outcomes += [small, outcome(n, "huge", right=n % 50 != 7, answer_s=5.0)]
    return outcomes


def wish(**changes):
    return Wish(**{"name": "p", "small": "tiny", "large": "huge", "target_error": 0.3, **changes})


@pytest.fixture
def pupils(monkeypatch):
    """What was given to learn from: by the fit, and by the cross-fit."""
    given = []
    for name in ("taught", "with_unseen"):
        real = getattr(module, name)

        def noting(*arguments, real=real, name=name):
            given.append((name, arguments[-1]))
            return real(*arguments)

        monkeypatch.setattr(module, name, noting)
    return given


async def test_the_fit_and_the_cross_fit_learn_from_the_same_rows(pupils):
    recorded = of_log(log(*made(broken=range(0, N, 10), silent=range(1, N, 10))))
    await calibrate(wish(), recorded)
    (first, taught), (second, unseen) = pupils
    assert {first, second} == {"taught", "with_unseen"}
    assert taught == unseen
    assert len(taught.rows) < 70  # of 80: neither the broken ones nor the silent ones
    assert all("mean" in row for row in taught.rows)


async def test_a_question_that_the_confidence_cannot_judge_has_no_part_in_the_threshold(
    monkeypatch,
):
    recorded = of_log(log(*made(silent=range(1, N, 10), broken=range(0, N, 10))))
    seen = []

    def noting(part):
        seen.extend(part.tune)
        return chosen_threshold(part)

    monkeypatch.setattr(module, "chosen_threshold", noting)
    await calibrate(wish(), recorded)
    silent = {f"q{n}" for n in range(1, N, 10)}
    broken = {f"q{n}" for n in range(0, N, 10)}
    assert {fork.confidence for fork in seen if fork.question in silent | broken} == {None}
    assert all(fork.accepted == fork.escalated for fork in seen if fork.question in silent)
    assert all(fork.calibrated for fork in seen if fork.question not in silent | broken)


async def test_a_price_that_came_later_is_the_unit_of_all_that_is_decided(pupils):
    """The log has no prices; the settings do, and dollars go the other way than seconds."""
    recorded = of_log(log(*made()))

    def price(model: str, usage: Usage, timing: object) -> float:
        return 0.001 if model == "tiny" else 0.01

    _, found = await calibrate(wish(target_error=None, budget=0.8), recorded, price=price)
    for _, pupil in pupils:
        assert pupil.unit == "usd"
        assert {way.cost_usd for way in pupil.large} == {0.01}
    assert found.evaluation.curves.unit == "usd"


def fork(n: int, *, right: bool, confidence: float) -> Fork:
    small, large = Way(float(right), right, 1.0, 0.1, None), Way(1.0, True, 5.0, 0.1, None)
    return Fork(
        question=f"q{n}", kind="k", group=f"g{n}", confidence=confidence, calibrated=False,
        small=small, large=large, accepted=small,
        escalated=msgspec.structs.replace(large, seconds=6.0),
    )  # fmt: skip


def test_where_no_threshold_would_do_none_is_taken_and_not_the_highest_there_is():
    """Rules are sure to 1.0 of every draft, and every other one is wrong."""
    forks = [fork(n, right=n % 2 == 0, confidence=1.0) for n in range(60)]
    threshold, found = chosen_threshold(Part(wish(target_error=0.05), forks, forks, "seconds"))
    assert threshold is None
    assert {f.at(threshold).seconds for f in forks} == {6.0}
    assert found.labels_needed is None


def test_a_budget_that_only_accepting_nothing_keeps_best_is_served_as_nothing():
    """Escalating costs nothing more here and is always right."""
    cheap = [
        msgspec.structs.replace(f, escalated=msgspec.structs.replace(f.escalated, seconds=1.0))
        for f in (fork(n, right=False, confidence=1.0) for n in range(60))
    ]
    part = Part(wish(target_error=None, budget=0.5), cheap, cheap, "seconds")
    threshold, found = chosen_threshold(part)
    assert isinstance(found, Budgeted)
    assert threshold is None is found.threshold


async def test_the_file_of_a_policy_that_accepts_nothing_says_so():
    bad = made(right=lambda n: n % 3 == 0)
    without = [msgspec.structs.replace(one, tokens=None) for one in bad]
    recorded = of_log(log(*without))
    policy, found = await calibrate(wish(target_error=0.02), recorded)
    assert policy.decision.threshold is None
    assert '"threshold":null' in msgspec.json.encode(policy).decode()
    paths = {line.path for line in found.evaluation.paths}
    assert paths == {"escalated", "all"}
    assert any("huge alone is as good" in why for why in found.refusals)
