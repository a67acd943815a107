"""Agreement, against scikit-learn and SciPy; the length effect against numpy's least squares."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from sprat.studies.judging.agreement import (
    Column,
    absolute_error,
    kappa_difference,
    length_effect,
    spearman,
    weighted_kappa,
)

GRADES = (1, 2, 3, 4, 5)


def column(seed: int, n: int = 60, noise: float = 1.0) -> Column:
    dice = np.random.default_rng(seed)
    reference = dice.integers(1, 6, n)
    given = np.clip(reference + dice.normal(0, noise, n), 1, 5)
    return Column(given.tolist(), reference.tolist(), [f"q{k % 12}" for k in range(n)])


@pytest.mark.parametrize("seed", range(8))
def test_weighted_kappa_is_scikit_learns_on_the_rounded_grades(seed):
    one = column(seed, noise=0.3 + seed / 4)
    whole = [int(np.floor(value + 0.5)) for value in one.given]
    oracle = cohen_kappa_score(whole, one.reference, labels=GRADES, weights="quadratic")
    assert weighted_kappa(one).value == pytest.approx(oracle, abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_spearmans_correlation_is_scipys_ties_and_all(seed):
    one = column(seed, noise=1.5)
    given = np.round(one.given, 0 if seed % 2 else 3)
    found = spearman(one._replace(given=given.tolist()))
    assert found.value == pytest.approx(spearmanr(given, one.reference).statistic, abs=1e-12)


def test_a_resample_ranks_as_scipy_does_on_the_answers_drawn():
    from sprat.studies.judging.agreement import _correlation, _ranks

    one = column(3, n=20)
    a, b = np.asarray(one.given), np.asarray(one.reference, float)
    times = np.random.default_rng(5).integers(0, 3, 20)
    drawn = np.repeat(np.arange(20), times)
    weights = times[None, :].astype(float)
    ours = _correlation(weights, _ranks(a)(weights), _ranks(b)(weights))[0]
    assert ours == pytest.approx(spearmanr(a[drawn], b[drawn]).statistic, abs=1e-12)


def test_the_length_effect_is_a_term_of_least_squares_beside_the_reference():
    one = column(1)
    lengths = np.random.default_rng(2).integers(1, 800, len(one.reference))
    terms = np.column_stack([np.ones(len(lengths)), one.reference, np.log2(lengths)])
    fitted, *_ = np.linalg.lstsq(terms, np.asarray(one.given), rcond=None)
    assert length_effect(one, lengths.tolist()).value == pytest.approx(fitted[2], abs=1e-9)


def test_a_judge_that_gives_everything_a_three_pays_nothing_for_length():
    one = column(4)
    lengths = [2 ** (12 - 2 * grade) + k for k, grade in enumerate(one.reference)]
    found = length_effect(one._replace(given=[3.0] * len(lengths)), lengths)
    assert found.value == pytest.approx(0, abs=1e-9)


def test_where_all_are_of_one_grade_length_is_the_only_term():
    one = column(5)._replace(reference=[3] * 60)
    lengths = np.random.default_rng(2).integers(1, 800, 60)
    slope, _ = np.polyfit(np.log2(lengths), one.given, 1)
    assert length_effect(one, lengths.tolist()).value == pytest.approx(slope, abs=1e-9)


def test_a_judge_that_pays_half_a_point_per_doubling_is_found_out():
    dice = np.random.default_rng(7)
    reference, lengths = dice.integers(2, 5, 200), dice.integers(20, 2000, 200)
    given = reference + 0.5 * (np.log2(lengths) - 8) + dice.normal(0, 0.2, 200)
    found = length_effect(
        Column(given.tolist(), reference.tolist(), [f"q{k % 40}" for k in range(200)]),
        lengths.tolist(),
    )
    assert found.low < 0.5 < found.high
    assert found.low > 0.4


def test_the_mean_error_is_in_grade_points():
    one = Column([1.5, 5.0, 2.0], [1, 3, 2], ["a", "b", "c"])
    assert absolute_error(one).value == pytest.approx((0.5 + 2 + 0) / 3)


def test_what_cannot_be_told_is_none():
    same = Column([3.0] * 12, [3] * 12, [str(k) for k in range(12)])
    assert weighted_kappa(same).value is None
    assert spearman(same).value is None
    assert length_effect(same, [100] * 12).value is None
    assert weighted_kappa(Column([], [], [])).value is None


def test_one_grade_for_everything_agrees_as_chance_does():
    one = column(1)
    assert weighted_kappa(one._replace(given=[3.0] * 60)).value == pytest.approx(0)


def test_the_difference_is_of_the_same_answers_and_its_interval_is_paired():
    one = column(4, noise=0.5)
    same = kappa_difference(one, one.given)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    worse = column(4, noise=3.0).given
    found = kappa_difference(one, worse)
    ours, theirs = weighted_kappa(one), weighted_kappa(one._replace(given=worse))
    assert found.value == pytest.approx(ours.value - theirs.value)
    assert found.low > 0


def test_answers_to_one_question_are_drawn_together_so_repeating_them_narrows_nothing():
    one = column(6, n=24)
    fourfold = Column(list(one.given) * 4, list(one.reference) * 4, list(one.groups) * 4)
    narrow, wide = weighted_kappa(fourfold), weighted_kappa(one)
    assert narrow.value == pytest.approx(wide.value)
    assert narrow.high - narrow.low == pytest.approx(wide.high - wide.low, rel=0.01)
