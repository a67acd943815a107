"""What a confidence is taught, for a target error and for a budget."""

import random

import pytest

from sprat.studies.hybrid.forks import Way
from sprat.studies.hybrid.learning import Pupil, taught, unseen
from sprat.studies.hybrid.wish import Wish, blank


def way(score: float, seconds: float, cost_usd: float | None = None) -> Way:
    return Way(score, score >= 1, seconds, 0.1, cost_usd)


def pupil(aim: str, mode: str = "buffer", usd: float | None = None) -> Pupil:
    """Easy questions, useful ones, and hard ones, on which the large model fails, at length."""
    draw = random.Random(0)
    kinds = [draw.choice("euh") for _ in range(240)]
    small = [way(float(kind == "e"), 1.0, usd) for kind in kinds]
    large = [way(float(kind != "h"), 20.0 if kind == "h" else 4.0, usd) for kind in kinds]
    doubt = {"h": 0.0, "u": 1.0, "e": 2.0}
    rows = [
        {"mean": doubt[kind] + draw.gauss(0, 0.1), "log_length": float(kind == "h")}
        for kind in kinds
    ]
    groups = [f"g{k // 2}" for k in range(240)]
    return Pupil(aim, mode, rows, small, large, groups, ("mean", "log_length"), 0,
                 "seconds" if usd is None else "usd")  # fmt: skip


def mean_of(kind: str, given: Pupil) -> float:
    sure = unseen(given)
    chosen = [
        one
        for one, small, large in zip(sure, given.small, given.large, strict=True)
        if ("e" if small.right else "u" if large.right else "h") == kind
    ]
    return sum(chosen) / len(chosen)


def test_for_a_target_the_hard_ones_are_doubted_most() -> None:
    given = pupil("right")
    assert mean_of("h", given) < 0.1
    assert mean_of("e", given) > 0.9


def test_for_a_budget_the_useful_ones_are_let_go_and_the_hard_ones_kept() -> None:
    given = pupil("worth")
    assert mean_of("u", given) < 0.4
    assert mean_of("h", given) > 0.7
    assert mean_of("e", given) > 0.7


@pytest.mark.parametrize("aim", ["right", "worth"])
def test_the_same_lesson_is_learned_for_keeps(aim: str) -> None:
    given = pupil(aim)
    learned = taught(given)
    held_out = unseen(given)
    near = [
        abs(learned.probability(row) - one) for row, one in zip(given.rows, held_out, strict=True)
    ]
    assert max(near) < 0.15


def test_money_counts_where_both_have_a_price() -> None:
    assert taught(pupil("worth")) != taught(pupil("worth", usd=0.01))


def test_a_budget_asks_for_worth_and_a_target_for_right() -> None:
    for_target = Wish(name="p", small="s", large="l")
    for_budget = Wish(name="p", small="s", large="l", target_error=None, budget=0.6)
    assert blank(for_target).decision.aim == "right"
    assert blank(for_budget).decision.aim == "worth"
