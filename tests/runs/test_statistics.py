"""The paired statistics against scipy, published examples and cases worked by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sprat.runs import intervals
from sprat.runs import statistics as own
from sprat.runs.intervals import bootstrap_interval, score_interval

UNIT = st.floats(-1, 1).map(lambda x: round(x, 3))


@pytest.mark.parametrize("n", [10, 20, 48])
@pytest.mark.parametrize("wrong", [0, 1, 9, 10])
def test_the_score_interval_of_right_and_wrong_is_wilsons_as_scipy_has_it(wrong, n):
    scores = [1.0] * (n - wrong) + [0.0] * wrong
    oracle = stats.binomtest(n - wrong, n).proportion_ci(method="wilson")
    assert score_interval(scores, 0, 1) == pytest.approx((oracle.low, oracle.high), abs=1e-6)


def test_without_a_pair_nobody_knows_how_many_are_needed():
    assert own.questions_needed([], 0.05) is None


def test_the_score_interval_of_paired_right_and_wrong_is_tangos():
    # Airway hyper-responsiveness before and after stem cell transplantation, 21 children: 1 lost
    # it, 7 gained it. Tango's interval as worked by Fagerland, Lydersen & Laake (2014),
    # Statistics in Medicine 33:2850: -0.517 to -0.026.
    differences = [1.0] + [-1.0] * 7 + [0.0] * 13
    low, high = score_interval(differences, -1, 1)
    assert (round(low, 3), round(high, 3)) == (-0.517, -0.026)


@pytest.mark.parametrize("n", [5, 12, 60, 72, 73, 500])
def test_equal_answers_leave_an_uncertainty_worked_by_hand(n):
    # All differences 0. Were the mean -d, the likeliest distribution has weight d at -1, variance
    # d (1 - d), and z² = n d² / (d (1 - d)) = 3.8415 gives d = 3.8415 / (n + 3.8415).
    half = 3.8414588 / (n + 3.8414588)
    assert score_interval([0.0] * n, -1, 1) == pytest.approx((-half, half), abs=1e-6)
    assert bootstrap_interval([0.0] * n) == (
        0.0,
        0.0,
    )  # which is why it is not used alone
    # half < 0.05 from n = 3.8415 · 0.95 / 0.05 = 72.99 on.
    assert (own.decide([0.0] * n, 0.05).decision == "good-enough") == (n >= 73)


@pytest.mark.parametrize(("small", "large"), [(0, 0), (0, 1), (0, 6), (3, 9), (5, 5), (40, 61)])
def test_mcnemar_agrees_with_scipys_binomial_test(small, large):
    oracle = stats.binomtest(small, small + large).pvalue if small + large else 1.0
    assert own.mcnemar_p(small, large) == pytest.approx(oracle)


def test_the_four_cells_are_told_apart():
    small = [True, True, False, False, False, False]
    large = [True, False, True, True, False, False]
    assert own.discordance(small, large) == (1, 1, 2, 2)


def test_the_bootstrap_agrees_with_scipys():
    sample = np.random.default_rng(5).uniform(-1, 1, 60)
    oracle = stats.bootstrap(
        (sample,), np.mean, n_resamples=10_000, method="percentile", rng=np.random.default_rng(6)
    ).confidence_interval
    assert bootstrap_interval(sample.tolist(), seed=7) == pytest.approx(
        (oracle.low, oracle.high), abs=0.01
    )


def test_the_bootstrap_is_the_same_for_the_same_seed_whatever_its_step(monkeypatch):
    sample = np.random.default_rng(1).uniform(-1, 1, 30).tolist()
    whole = bootstrap_interval(sample, seed=3)
    assert bootstrap_interval(sample, seed=3) == whole
    assert bootstrap_interval(sample, seed=4) != whole
    monkeypatch.setattr(intervals, "_CELLS", 1000)
    assert bootstrap_interval(sample, seed=3) == pytest.approx(whole)


def test_large_samples_give_the_normal_interval():
    sample = np.random.default_rng(9).normal(0.1, 0.2, 4000).clip(-1, 1).tolist()
    half = 1.96 * np.std(sample) / math.sqrt(len(sample))
    mean = float(np.mean(sample))
    assert score_interval(sample, -1, 1) == pytest.approx((mean - half, mean + half), abs=5e-5)


@pytest.mark.parametrize(
    ("differences", "margin", "decision"),
    [
        ([0.0] * 120, 0.05, "good-enough"),
        ([0.0] * 40 + [1.0] * 20, 0.05, "good-enough"),
        ([-1.0] * 12, 0.05, "not-good-enough"),
        ([-1.0] * 30 + [0.0] * 30, 0.05, "not-good-enough"),
        ([0.0] * 24, 0.05, "inconclusive"),
        ([-1.0] * 9, 0.05, "inconclusive"),  # below MIN_PAIRS nothing is decided
        ([1.0] * 9, 0.05, "inconclusive"),
        ([], 0.05, "inconclusive"),
    ],
)
def test_the_decision_follows_the_interval_and_the_margin(differences, margin, decision):
    assert own.decide(differences, margin).decision == decision


def test_a_wider_margin_is_easier_to_meet():
    differences = [0.0] * 50 + [-1.0] * 5
    found = [own.decide(differences, margin).decision for margin in (0.01, 0.1, 0.3)]
    assert found == ["not-good-enough", "inconclusive", "good-enough"]


def test_the_number_needed_worked_by_hand():
    # All 60 equal, margin 0.05: variance at the margin 0.05 x 0.95, gap 0.05, so
    # (1.959964 + 0.841621)² x 0.0475 / 0.0025 = 149.13, rounded up.
    assert own.questions_needed([0.0] * 60, 0.05) == 150


def test_the_number_needed_is_none_at_the_margin_and_when_decided():
    at_the_margin = [-1.0] + [0.0] * 19
    assert own.questions_needed(at_the_margin, 0.05) is None
    assert own.decide(at_the_margin, 0.05).n_needed is None
    assert own.decide([0.0] * 120, 0.05).n_needed is None


def test_asking_as_many_as_needed_usually_decides():
    random = np.random.default_rng(11)
    population = lambda n: random.choice([1.0, -1.0, 0.0], size=n, p=[0.1, 0.1, 0.8]).tolist()  # noqa: E731 (one line says it)
    needed = own.questions_needed([1.0] * 6 + [-1.0] * 6 + [0.0] * 48, 0.1)
    z = intervals.z_value()
    decided = np.mean([intervals.score_z(population(needed), -0.1, -1, 1) > z for _ in range(300)])
    assert decided == pytest.approx(own.POWER, abs=0.08)


def test_the_design_effect_worked_by_hand():
    # Two groups of two, deviations ±1: that agree (1, 1, -1, -1), (4 + 4) / 4 = 2; that cancel, 0.
    assert intervals.design_effect([1, 1, 0, 0], ["a", "a", "b", "b"]) == 2.0
    assert intervals.design_effect([1, 0, 1, 0], ["a", "a", "b", "b"]) == 1.0  # never below 1
    assert intervals.design_effect([1, 1, 0, 0], ["a", "b", "c", "d"]) == 1.0
    assert intervals.design_effect([1, 1, 0, 0], None) == 1.0
    assert intervals.design_effect([0, 0, 0], ["a", "a", "b"]) == pytest.approx((4 + 1) / 3)
    assert intervals.design_effect([], []) == 1.0


def test_equal_answers_in_groups_count_as_the_groups():
    assert own.decide([0.0] * 73, 0.05).decision == "good-enough"
    pairs = [str(place // 2) for place in range(73)]
    assert own.decide([0.0] * 73, 0.05, groups=pairs).decision == "inconclusive"


def test_p99_needs_a_hundred_values():
    assert own.percentile([1.0] * 99, 99) is None
    assert own.percentile(list(range(100)), 99) == pytest.approx(98.01)
    assert own.percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert own.percentile([], 50) is None


@given(st.lists(UNIT, min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_every_interval_holds_the_mean_and_stays_in_range(values):
    mean = sum(values) / len(values)
    low, high = score_interval(values, -1, 1)
    assert -1 <= low <= mean + 1e-9
    assert mean - 1e-9 <= high <= 1
    assert high - low > 0


@given(st.lists(UNIT, min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_swapping_the_models_mirrors_the_interval(values):
    low, high = score_interval(values, -1, 1)
    assert score_interval([-v for v in values], -1, 1) == pytest.approx((-high, -low), abs=1e-6)
