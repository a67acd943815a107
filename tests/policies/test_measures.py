"""Measures of a confidence against scikit-learn, and their edges."""

import random

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, roc_auc_score

from sprat.policies.measures import (
    auroc,
    auroc_estimate,
    brier,
    calibration_error,
    reliability,
    risk_coverage,
)


def drawn(n: int, seed: int = 0, places: int = 9) -> tuple[list[float], list[bool]]:
    draw = random.Random(seed)
    shares = [round(draw.random(), places) for _ in range(n)]
    return shares, [draw.random() < share for share in shares]


@pytest.mark.parametrize("places", [1, 2, 9])
def test_auroc_is_scikit_learns_with_ties_and_without(places: int) -> None:
    shares, right = drawn(150, places=places)
    assert auroc(shares, right) == pytest.approx(roc_auc_score(right, shares), abs=1e-12)


def test_auroc_of_one_kind_is_not_known() -> None:
    assert auroc([0.1, 0.9], [True, True]) is None
    assert auroc_estimate([0.1, 0.9], [False, False]).low is None


def test_a_score_that_is_all_the_same_tells_nothing() -> None:
    assert auroc([0.5] * 9, [True] * 4 + [False] * 5) == 0.5


def test_the_interval_of_auroc_covers_the_truth_about_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(100):
        draw = random.Random(seed)
        right = [draw.random() < 0.5 for _ in range(80)]
        scores = [draw.gauss(1.0 if good else 0.0, 1.0) for good in right]
        found = auroc_estimate(scores, right, seed=seed, resamples=300)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.7602 <= found.high  # Φ(1/√2)
    assert 88 <= covered <= 100


def test_groups_that_go_together_widen_the_interval() -> None:
    shares, right = drawn(60)
    alone = auroc_estimate(shares * 4, right * 4)
    together = auroc_estimate(shares * 4, right * 4, groups=[f"g{k}" for k in range(60)] * 4)
    width = lambda found: found.high - found.low  # noqa: E731
    assert width(together) > 1.5 * width(alone)
    assert together.value == pytest.approx(alone.value)


def test_brier_is_scikit_learns() -> None:
    shares, right = drawn(90)
    assert brier(shares, right) == pytest.approx(brier_score_loss(right, shares), abs=1e-12)


def test_the_bins_of_equal_mass_are_scikit_learns() -> None:
    shares, right = drawn(200)
    rates, means = calibration_curve(right, shares, n_bins=10, strategy="quantile")
    found = reliability(shares, right)
    assert [part.right for part in found] == pytest.approx(list(rates))
    assert [part.confidence for part in found] == pytest.approx(list(means))
    assert calibration_error(shares, right) == pytest.approx(np.abs(rates - means).mean())


def test_the_calibration_error_of_a_sure_and_wrong_confidence_is_one() -> None:
    assert calibration_error([1.0] * 20, [False] * 20) == 1.0
    assert calibration_error([0.25] * 20, [True] * 5 + [False] * 15) == pytest.approx(0.0)


def test_answers_of_one_confidence_are_calibrated_whatever_their_order() -> None:
    right = [True, False] * 15
    assert calibration_error([0.5] * 30, right) == calibration_error([0.5] * 30, sorted(right))


def test_fewer_answers_than_bins_have_a_bin_each() -> None:
    assert [part.n for part in reliability([0.2, 0.8], [False, True])] == [1, 1]


def test_risk_is_what_is_wrong_among_the_surest() -> None:
    found = risk_coverage([0.9, 0.8, 0.8, 0.1], [True, False, True, False])
    assert found == [(0.25, 0.0), (0.75, pytest.approx(1 / 3)), (1.0, 0.5)]
