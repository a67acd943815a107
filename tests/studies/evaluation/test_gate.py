"""In 50 seeded repetitions: how often a loss is caught, and how often a re-run is called one.

The answers are drawn here, with a known error rate; benchmarks/baseline.py does it with a model.
"""

import random

from scipy.stats import binom
from tests.studies.evaluation.made import a_side

from sprat.studies.evaluation.change import SIGNIFICANCE
from sprat.studies.evaluation.regression import compare_sides

QUESTIONS = [f"q{number:02d}" for number in range(40)]
REPEATS = 50


def drawn(rate: float, seed: int) -> dict[str, float | None]:
    """Each question right with its own chance, around `rate`."""
    draw = random.Random(f"{seed}")
    hard = random.Random("difficulty")
    chances = [min(1.0, max(0.0, rate + hard.uniform(-0.3, 0.3))) for _ in QUESTIONS]
    return {
        name: float(draw.random() < chance) for name, chance in zip(QUESTIONS, chances, strict=True)
    }


def regressions(rate_before: float, rate_now: float, **how: float) -> int:
    found = 0
    for repeat in range(REPEATS):
        before, now = drawn(rate_before, 2 * repeat), drawn(rate_now, 2 * repeat + 1)
        change = compare_sides(a_side(before), a_side(now), seed=repeat, **how)
        found += change.decision == "regression"
    return found


def test_a_prompt_that_loses_most_of_the_right_answers_is_always_caught() -> None:
    assert regressions(0.8, 0.2) == REPEATS


def test_a_prompt_that_loses_half_of_them_is_nearly_always_caught() -> None:
    assert regressions(0.8, 0.35) >= 0.9 * REPEATS


def test_a_mere_re_run_is_called_one_no_more_often_than_the_significance_says() -> None:
    assert regressions(0.8, 0.8) <= binom.ppf(0.999, REPEATS, SIGNIFICANCE)


def test_a_small_loss_is_not_always_seen_and_that_is_the_price_of_few_questions() -> None:
    assert 0 < regressions(0.8, 0.6) < REPEATS
