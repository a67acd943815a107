"""What is worth escalating: gain for its cost, and not doubt alone."""

import random

import pytest

from sprat.errors import PolicyError
from sprat.policies.fit import cross_fitted
from sprat.policies.points import Point
from sprat.policies.sweep import sweep
from sprat.policies.worth import cross_fitted_worth, fit_worth
from sprat.studies.hybrid import mathematics

# Small right, large right, what the large model costs: it fails the hard ones too, and at length.
EASY, USEFUL, HARD = (0.9, 0.95, 4.0), (0.2, 0.9, 4.0), (0.05, 0.1, 16.0)


def drawn(n: int) -> tuple[list[dict[str, float]], list[tuple[bool, bool, float]]]:
    draw = random.Random(0)
    rows: list[dict[str, float]] = []
    answers: list[tuple[bool, bool, float]] = []
    for _ in range(n):
        small, large, cost = kind = draw.choice([EASY, USEFUL, HARD])
        sure, length = draw.gauss(-(1.5 if kind is HARD else kind is USEFUL), 0.2), cost
        rows.append({"mean": sure, "log_length": length + draw.gauss(0, 1)})
        answers.append((draw.random() < small, draw.random() < large, cost))
    return rows, answers


def points(sure: list[float], answers: list[tuple[bool, bool, float]]) -> list[Point]:
    return [
        Point(
            confidence=confidence,
            small_score=float(small),
            large_score=float(large),
            small_right=small,
            large_right=large,
            small_cost=1.0,
            large_cost=cost,
        )
        for confidence, (small, large, cost) in zip(sure, answers, strict=True)
    ]


def test_where_the_large_model_fails_too_gain_is_what_pays_and_doubt_does_not() -> None:
    rows, answers = drawn(400)
    doubt = cross_fitted(rows, [small for small, _, _ in answers])
    gains = [float(large) - float(small) for small, large, _ in answers]
    worth = cross_fitted_worth(rows, gains, [cost for _, _, cost in answers])
    weights = mathematics.weights_of([str(at) for at in range(400)], 0)
    by_doubt = mathematics.apgr(sweep(points(doubt, answers), weights))
    by_worth = mathematics.apgr(sweep(points(worth, answers), weights))
    assert by_doubt.value is not None
    assert by_worth.low is not None
    assert by_doubt.value < 0.5
    assert by_worth.low > 0.7


def test_the_odds_are_those_of_expected_saving_to_expected_gain() -> None:
    draw = random.Random(1)
    rows = [{"mean": float(k % 2)} for k in range(6000)]
    gains = [float(draw.random() < (0.5 if row["mean"] else 0.1)) for row in rows]
    costs = [draw.uniform(1, 3) if row["mean"] else draw.uniform(4, 8) for row in rows]
    learned = fit_worth(rows, gains, costs)
    rate = sum(gains) / sum(costs)
    for kind in (0.0, 1.0):
        of_kind = [k for k, row in enumerate(rows) if row["mean"] == kind]
        saved = rate * sum(costs[k] for k in of_kind)
        gained = sum(gains[k] for k in of_kind)
        wanted = saved / (saved + gained)
        assert learned.probability({"mean": kind}) == pytest.approx(wanted, abs=0.005)


def test_what_escalating_would_lose_speaks_for_keeping() -> None:
    rows = [{"mean": float(k % 3)} for k in range(300)]
    gains = [(1.0, 0.0, -1.0)[k % 3] for k in range(300)]
    learned = fit_worth(rows, gains, [1.0] * 300)
    sure = [learned.probability({"mean": float(kind)}) for kind in range(3)]
    assert sure == sorted(sure)
    assert sure[2] > 0.9


def test_a_question_on_which_escalating_is_cheaper_speaks_for_it() -> None:
    rows = [{"mean": float(k % 2)} for k in range(100)]
    gains = [float(k % 7 == 0) for k in range(100)]
    learned = fit_worth(rows, gains, [(3.0, -1.0)[k % 2] for k in range(100)])
    assert learned.probability({"mean": 1.0}) < learned.probability({"mean": 0.0})


def test_a_unit_of_cost_makes_no_difference() -> None:
    rows, answers = drawn(100)
    gains = [float(large) - float(small) for small, large, _ in answers]
    seconds, cents = ([unit * cost for _, _, cost in answers] for unit in (1.0, 0.07))
    one, other = fit_worth(rows, gains, seconds), fit_worth(rows, gains, cents)
    assert one.weights == pytest.approx(other.weights)


@pytest.mark.parametrize(
    ("gains", "costs", "what"),
    [
        ([1.0] * 10, [1.0] * 10, "10 questions, 10 of them"),
        ([0.0] * 30 + [1.0] * 4, [1.0] * 34, "4 of them with something to gain"),
        ([1.0] * 30, [0.0] * 30, "nothing to save"),
    ],
)
def test_too_little_to_learn_from_is_refused(
    gains: list[float], costs: list[float], what: str
) -> None:
    with pytest.raises(PolicyError, match=what):
        fit_worth([{"mean": float(k)} for k in range(len(gains))], gains, costs)
