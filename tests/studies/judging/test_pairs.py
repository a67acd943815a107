"""Which of two answers is better, in both orders."""

from pathlib import Path

import pytest
from scipy.stats import binomtest
from tests.studies.judging.engines import Judge, reply
from tests.studies.judging.samples import question, rubric

from sprat.runs.store import Store
from sprat.runs.study import JUDGE, Study, StudyModel
from sprat.studies.judging.grades import grades_of
from sprat.studies.judging.pairs import Pair, Preference, judge_pairs, preferences_of, win_rate
from sprat.studies.judging.plan import JudgePlan

PLAN = JudgePlan(rubric=rubric())
PAIRS = [
    Pair(question("q0"), "a long and good answer", "short"),
    Pair(question("q1"), "no", "a much better answer"),
    Pair(question("q2"), "even", "odds"),
    Pair(question("q3"), "the same", "the same"),
    Pair(question("q4"), None, "something"),
    Pair(question("q5"), "something", None),
    Pair(question("q6"), None, None),
]


@pytest.fixture
def store(tmp_path: Path):
    with Store(tmp_path / "runs.db", create=True) as opened:
        opened.add_study(
            Study(
                id="s1",
                kind="evaluate",
                created="2026-11-26T08:00:00+00:00",
                questions_name="own",
                questions_sha256="ab" * 32,
                questions=tuple(pair.question for pair in PAIRS),
                models=(StudyModel(role="model", name="tiny"),),
            )
        )  # fmt: skip
        yield opened


async def preferred(store, judge: Judge) -> dict[str, Preference]:
    await judge_pairs(store, "s1", judge, PLAN, PAIRS, lambda *_: None)
    return {one.question: one for one in preferences_of(PAIRS, store.runs("s1"))}


async def test_the_better_answer_wins_from_either_place(store):
    judge = Judge(prefers=lambda a, b: len(a) > len(b))
    found = await preferred(store, judge)
    assert (found["q0"].value, found["q1"].value) == ("first", "second")
    assert not found["q0"].flipped
    assert len(judge.asked) == 3 * 2


async def test_a_judge_that_always_takes_the_first_place_calls_everything_a_tie(store):
    found = await preferred(store, Judge(prefers=lambda a, b: True))
    asked = [found[name] for name in ("q0", "q1", "q2")]
    assert [(one.value, one.flipped) for one in asked] == [("tie", True)] * 3


async def test_what_is_plain_is_not_asked(store):
    found = await preferred(store, Judge(prefers=lambda a, b: True))
    told = [(found[name].value, found[name].flipped) for name in ("q3", "q4", "q5", "q6")]
    assert told == [("tie", False), ("second", False), ("first", False), ("tie", False)]


async def test_a_pair_without_a_letter_is_not_decided_and_no_tie(store):
    class Mute(Judge):
        def _opinion(self, prompt, request):
            return reply("Both are fine.")

    found = await preferred(store, Mute())
    assert set(found) == {"q3", "q4", "q5", "q6"}


async def test_pairs_are_not_mistaken_for_grades_and_are_kept(store):
    await preferred(store, Judge(prefers=lambda a, b: len(a) > len(b)))
    runs = [run for run in store.runs("s1") if run.role == JUDGE]
    assert {run.kind for run in runs} == {"pair"}
    assert grades_of(runs) == {}
    again = Judge(prefers=lambda a, b: True)
    await preferred(store, again)
    assert again.asked == []


def rated(wins: int, losses: int, ties: int = 0):
    values = ["first"] * wins + ["second"] * losses + ["tie"] * ties
    return win_rate(
        [Preference(question=str(k), value=v, flipped=False) for k, v in enumerate(values)]
    )


@pytest.mark.parametrize(("wins", "losses"), [(7, 3), (1, 0), (0, 12), (30, 30), (57, 4)])
def test_without_ties_the_interval_is_wilsons(wins, losses):
    oracle = binomtest(wins, wins + losses).proportion_ci(method="wilson")
    found = rated(wins, losses)
    assert found.rate == wins / (wins + losses)
    assert (found.low, found.high) == pytest.approx((oracle.low, oracle.high), abs=1e-9)


def test_a_tie_is_half_a_win_and_nearer_to_the_mean_so_the_interval_is_narrower():
    found, without = rated(6, 2, 8), rated(10, 6)
    assert (found.wins, found.losses, found.ties, found.n) == (6, 2, 8, 16)
    assert found.rate == without.rate == (6 + 8 / 2) / 16
    assert without.low < found.low < found.rate < found.high < without.high


def test_nothing_but_ties_is_even_and_not_certain():
    found = rated(0, 0, 10)
    assert found.rate == 0.5
    assert found.low < 0.5 < found.high


def test_of_no_pair_there_is_no_rate():
    found = win_rate([])
    assert (found.n, found.rate, found.low) == (0, None, None)


def test_translations_of_one_question_are_not_independent():
    found = [Preference(question=str(k), value="first" if k < 6 else "second", flipped=False)
             for k in range(12)]  # fmt: skip
    together = win_rate(found, groups=[str(k // 3) for k in range(12)])
    assert together.low < win_rate(found).low
