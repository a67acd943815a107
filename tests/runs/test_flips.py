"""A paired randomisation test: exact where it can be, and never more alarms than it says."""

import random

import numpy as np
import pytest
from scipy import stats

from sprat.runs.flips import flips, mcnemar_mid_p


@pytest.mark.parametrize(("worse", "better"), [(0, 0), (1, 0), (5, 0), (7, 2), (3, 9), (40, 21)])
def test_right_and_wrong_alone_are_mcnemars_test(worse: int, better: int) -> None:
    found = flips([-1.0] * worse + [1.0] * better + [0.0] * 7)
    n = worse + better
    below, level = stats.binom.cdf(better, n, 0.5), stats.binom.pmf(better, n, 0.5)
    assert found.method == "mcnemar"
    assert found.worse == pytest.approx(below - level / 2)
    assert found.worse + found.better == pytest.approx(1)


def test_five_lost_and_none_won_are_not_enough_at_one_in_a_hundred_and_six_are() -> None:
    assert mcnemar_mid_p(5, 0) > 0.01 > mcnemar_mid_p(6, 0)


def test_fractions_are_tried_over_every_sign_as_scipy_does() -> None:
    values = [-0.5, -0.25, -1.0, 0.25, -0.75, -0.2, 0.1, -0.4]
    ours = flips(values)
    theirs = stats.permutation_test(
        (np.array(values),), lambda x, axis: x.sum(axis=axis), permutation_type="samples",
        alternative="less", n_resamples=np.inf, vectorized=True,
    )  # fmt: skip
    level = np.isclose(theirs.null_distribution, sum(values)).mean()
    assert ours.method == "flips"
    assert ours.worse == pytest.approx(theirs.pvalue - level / 2)


def test_many_fractions_are_sampled_and_come_near_the_exact_value() -> None:
    draw = random.Random(1)
    values = [draw.choice((-0.6, -0.3, 0.3, 0.45)) for _ in range(16)]
    exact = flips(values)
    from sprat.runs.flips import _sampled  # pyright: ignore[reportPrivateUsage]

    assert exact.method == "flips"
    assert _sampled(values, seed=3) == pytest.approx(exact.worse, abs=0.005)
    assert flips(values * 2).method == "sampled flips"


def test_a_sample_of_signs_never_says_impossible() -> None:
    assert 0 < flips([-0.5, -0.25] * 40).worse < 0.001


def test_translations_of_a_question_are_lost_together_and_count_once() -> None:
    values, groups = [-1.0] * 6, ["a", "a", "a", "b", "b", "b"]
    assert flips(values).worse < 0.01
    assert flips(values, groups=groups).worse == pytest.approx(0.125)


def test_nothing_that_differs_tells_nothing() -> None:
    assert flips([0.0] * 20).worse == 0.5
    assert flips([]).discordant == 0


def test_of_mere_coins_no_more_alarms_come_than_the_significance_says() -> None:
    draw = random.Random(7)
    alarms = 0
    for _ in range(2_000):
        values = [float(draw.random() < 0.6) - float(draw.random() < 0.6) for _ in range(40)]
        alarms += flips(values).worse <= 0.05
    assert alarms <= stats.binom.ppf(0.999, 2_000, 0.05)
