"""Two evaluations of the same questions."""

from pathlib import Path

import pytest
from tests.studies.grounded.engines import Grounded
from tests.studies.grounded.samples import question

from sprat.errors import RunError
from sprat.runs.store import Store
from sprat.studies.grounded.plan import GroundedPlan
from sprat.studies.grounded.question import as_question
from sprat.studies.grounded.study import Opened, evaluate
from sprat.studies.grounded.versus import versus

ASKED = [
    question(f"q{n}", question=f"How much leave, {n}?", answers=["25 days"]) for n in range(12)
] + [question(f"n{n}", question=f"Parking, {n}?", unanswerable=True) for n in range(12)]


@pytest.fixture
def store(tmp_path: Path):
    with Store(tmp_path / "runs.db", create=True) as opened:
        yield opened


async def asked(store, engine: Grounded, questions=ASKED) -> str:
    kept = tuple(as_question(one, 64) for one in questions)
    plan = GroundedPlan(name="tiny", questions_name="own", questions=kept)
    return await evaluate(plan, Opened(engine), store)


async def test_the_same_answers_are_good_enough_and_worse_ones_are_not(store):
    good = await asked(store, Grounded())
    again = await asked(store, Grounded())
    bad = await asked(store, Grounded(knows=("canteen",)))
    same = versus(store, good, again, margin=0.2)
    assert (same.decision, same.difference, same.mcnemar_p) == ("good-enough", 0, 1)
    worse = versus(store, bad, good, margin=0.05)
    assert worse.decision == "not-good-enough"
    assert worse.difference == pytest.approx(-0.5)
    assert (worse.first_only_right, worse.second_only_right) == (0, 12)
    assert worse.mcnemar_p == pytest.approx(2 / 2**12)
    silent = next(line for line in worse.differences if line.name == "abstention_recall")
    assert (silent.n, silent.first, silent.second) == (12, 1, 1)


async def test_a_failure_of_one_is_wrong_and_its_question_stays(store):
    good = await asked(store, Grounded())
    failing = await asked(store, Grounded(fail_on=["leave, 1?"]))
    found = versus(store, failing, good)
    assert (found.n, found.second_only_right) == (24, 1)


async def test_only_shared_questions_count_by_their_words_too(store):
    good = await asked(store, Grounded())
    few = await asked(store, Grounded(), ASKED[:3])
    assert (versus(store, good, few).n, versus(store, good, few).left_out) == (3, 21)
    others = await asked(store, Grounded(), [question("q0", question="Another leave?")])
    with pytest.raises(RunError, match="share no answered question"):
        versus(store, good, others)
